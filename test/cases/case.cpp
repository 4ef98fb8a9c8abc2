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
    return {random(seed, input, steps, batch, lengths), random(seed + 1, hidden, state_steps(), batch),
            random(seed + 2, output, steps, batch, lengths), random(seed + 3, hidden, state_steps(), batch)};
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
        for (const auto add : {add_rnn, add_relu_rnn, add_lstm, add_peephole, add_gru, add_gru_reset_before,
                               add_variants, add_layers, add_convolutions, add_maps, add_networks, add_compositions})
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
