// SPDX-License-Identifier: MIT
#include "case.hpp"

#include "lists.hpp"

#include <cstring>

namespace cases {

Batch Case::random(std::uint64_t seed, int rows, int steps, int batch, const std::vector<int>& lengths) const {
    Batch all = Batch::random(seed, rows, steps, batch, lengths);
    for (double& number : all.value) number = rounded(number);
    return all;
}
Trial Case::trial(std::uint64_t seed, int steps, int batch, const std::vector<int>& lengths) const {
    const auto states = [&](std::uint64_t of) {
        Batch all = random(of, hidden, state_steps(), batch);
        if (components > 1) all.value = state({component(all.value, 0), component(all.value, 1)});
        return all;
    };
    return {random(seed, input, steps, batch, lengths), states(seed + 1),
            random(seed + 2, output, steps, batch, lengths), states(seed + 3)};
}

Numbers Case::component(const Numbers& state, int k) const {
    const std::size_t all = state.size() / std::size_t(components), rows = std::size_t(hidden),
                      own = std::size_t(k == 0 ? h_size : hidden);
    Numbers one;
    for (std::size_t n = 0; n < all; ++n)
        if (n % rows < own) one.push_back(state[std::size_t(k) * all + n]);
    return one;
}
Numbers Case::state(const std::vector<Numbers>& of) const {
    Numbers all;
    for (std::size_t k = 0; k < of.size(); ++k) {
        const std::size_t own = std::size_t(k == 0 ? h_size : hidden);
        for (std::size_t n = 0; n < of[k].size(); ++n) {
            all.push_back(of[k][n]);
            if (n % own == own - 1) all.resize(all.size() + std::size_t(hidden) - own);
        }
    }
    return all;
}

std::size_t Case::changed(const Numbers& a, const Numbers& b) const {
    return one_order ? law::differing(a, b) : law::difference(a, b) > tolerance();
}
std::size_t Case::changed(const Batch& a, const Batch& b) const {
    if (one_order) return law::differing(a, b);
    Numbers valid, others;
    a.each_valid([&](int t, int n, int row) {
        valid.push_back(a.at(t, n, row));
        others.push_back(b.at(t, n, row));
    });
    return law::difference(valid, others) > tolerance();
}

Outcome train(Network& network, const Trial& trial, const rondo::Randomness& randomness, bool used) {
    if (!used) network.renew_workspace();
    network.forget_gradient();
    network.give(trial);
    Outcome all = network.record(randomness);
    network.backward();
    network.gradients(all);
    return all;
}
Outcome infer(Network& network, const Trial& trial) {
    network.renew_workspace();
    network.give(trial);
    return network.infer();
}

const Cases& all_cases() {
    static const Cases all = [] {
        Cases list;
        for (const auto add :
             {add_rnn, add_relu_rnn, add_lstm, add_peephole, add_gru, add_gru_reset_before, add_variants, add_projected,
              add_linear, add_layers, add_convolutions, add_maps, add_networks, add_compositions})
            add(list);
        return list;
    }();
    return all;
}
const Case* find(std::string_view kind, std::string_view size, bool is_float) {
    for (const Case& c : all_cases())
        if (c.kind == kind && c.size == size && c.is_float == is_float) return &c;
    return nullptr;
}

} // namespace cases
