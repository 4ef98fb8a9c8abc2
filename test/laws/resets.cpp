// SPDX-License-Identifier: MIT
// Law: sequences in which episodes begin are the episodes cut apart: the same bits of outputs, states and input
// gradients, and the same gradients of parameters.

#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/min_gru.hpp>
#include <rondo/layer/network.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>

#include <support/backend.hpp>
#include <support/device.hpp>
#include <support/failure.hpp>
#include <support/gradients.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace resets_law_test {

using rondo::Extent, rondo::Resets, rondo::SequenceView, rondo::Stack;
using S = double;
using B = TestBackend<S>;
using Numbers = std::vector<S>;

template <class L>
struct Alone : rondo::Network<rondo::Named<"rec", L>> {
    static constexpr int input_size = L::input_size, output_size = L::output_size;
    static auto forward(auto& run, const auto&... values) { return run(rondo::layer<"rec">, values...); }
};

/// Sequences of up to 9 steps: one that begins with an episode, one with none, one with all, one of no steps.
constexpr int steps = 9, batch = 5;
const std::vector<int> lengths{9, 6, 4, 0, 9};
const std::array<bool, std::size_t(steps* batch)> begins = [] {
    std::array<bool, std::size_t(steps * batch)> all{};
    const auto set = [&](int t, int b) { all[std::size_t(t * batch + b)] = true; };
    for (const int t : {0, 3, 4, 8}) set(t, 0);
    for (int t = 0; t < steps; ++t) set(t, 2); // beyond its length, too
    for (const int t : {1, 7}) set(t, 4);
    return all;
}();

struct Results {
    Numbers y, final, dx, dinitial, gradient;
};

/// The squares of outputs and of final states, from given states; `masked`: with resets.
template <class Net>
Results train(const rondo::Model<Net, B>& model, const Numbers& x, const Numbers& initial, const Extent& e, bool masked,
              const S* weights_of_states) {
    constexpr int In = Net::input_size;
    using L = typename Net::template layer_at<0>;
    using States = typename rondo::detail::Unnamed<L>::type::template StatesOf<S>;
    DeviceSequence<B, S, In> input{x, e};
    PlacedStates<B, States> first{initial, e.batch};
    rondo::Workspace<Net, B> work;
    rondo::Model<Net, B> gradient;
    Results all;
    SequenceView<S, Net::output_size> y;
    States final;
    work.record(model, nullptr, {}, [&](auto& run) {
        auto in = input.input();
        in.gradient = B::data(input.gradient);
        auto out = masked ? Net::forward(run, in, first.view(), Resets{begins.data(), batch})
                          : Net::forward(run, in, first.view());
        y = out.output;
        final = out.final;
        return rondo::LossValue<B>{};
    });
    const Numbers values = values_of<B>(y);
    copy_to_device(work.backend(), y.gradient, values);
    Numbers states = final_of<B>(final), d = states;
    for (std::size_t k = 0; k < d.size(); ++k)
        d[k] *= weights_of_states[k / std::size_t(States::hidden_size) % std::size_t(e.batch)];
    set_gradients(work.backend(), final, d);
    work.backward(&gradient);
    return {values, states, input.gradients(), first.gradients(), gradient.values()};
}

template <class L>
void check() {
    using Net = Alone<L>;
    constexpr int In = L::input_size, Out = L::output_size, H = L::hidden_size, count = L::layers * L::directions;
    const rondo::Model<Net, B> model{rondo::Seed{1}};
    const auto x = normal_numbers(std::size_t(In * steps * batch), 2);
    const auto initial = normal_numbers(std::size_t(L::components * count * batch * H), 3);
    const std::vector<S> ones(batch, 1);
    const Extent e{steps, batch, lengths.data()};
    const Results masked =
        train<Net>(model, {x.begin(), x.end()}, {initial.begin(), initial.end()}, e, true, ones.data());

    struct Episode {
        int b, from, length;
        bool first, last;
    };
    std::vector<Episode> episodes;
    for (int b = 0; b < batch; ++b) {
        const int length = lengths[std::size_t(b)];
        int from = 0;
        for (int t = 1; t <= length || t == 1; ++t)
            if (t >= length || begins[std::size_t(t * batch + b)]) {
                episodes.push_back({b, from, (std::min)(t, length) - from, from == 0, t >= length});
                from = t;
                if (t >= length) break;
            }
    }
    // Products of a few columns have a kernel of their own: the bits are those of a batch, the longest sequences first.
    std::ranges::stable_sort(episodes,
                             [](const Episode& one, const Episode& other) { return one.length > other.length; });
    const int parts = int(episodes.size());
    Numbers cut(std::size_t(In * steps * parts)), states(std::size_t(L::components * count * parts * H));
    std::vector<int> cut_lengths;
    std::vector<S> last;
    const auto column = [](int t, int b, int of, int rows) { return std::size_t((t * of + b) * rows); };
    const auto begins_as_given = [&](const Episode& p, bool back) {
        return back ? p.last : p.first && !(p.length > 0 && begins[std::size_t(p.b)]);
    };
    const auto ends_as_given = [](const Episode& p, bool back) { return back ? p.first : p.last; };
    for (int n = 0; n < parts; ++n) {
        const Episode& p = episodes[std::size_t(n)];
        cut_lengths.push_back(p.length);
        for (int t = 0; t < p.length; ++t)
            std::copy_n(x.begin() + std::ptrdiff_t(column(p.from + t, p.b, batch, In)), In,
                        cut.begin() + std::ptrdiff_t(column(t, n, parts, In)));
        for (int k = 0; k < L::components * count; ++k)
            if (begins_as_given(p, L::reversed || k % L::directions == 1))
                std::copy_n(initial.begin() + std::ptrdiff_t(column(k, p.b, batch, H)), H,
                            states.begin() + std::ptrdiff_t(column(k, n, parts, H)));
        last.push_back(ends_as_given(p, L::reversed) ? 1 : 0);
    }
    if (L::directions == 2) std::fill(last.begin(), last.end(), 0); // the two directions end in different episodes
    const Results apart = train<Net>(model, cut, states, {steps, parts, cut_lengths.data()}, false, last.data());
    const Results of_outputs = L::directions == 1
                                   ? masked
                                   : train<Net>(model, {x.begin(), x.end()}, {initial.begin(), initial.end()}, e, true,
                                                std::vector<S>(batch, 0).data());

    std::size_t others = 0;
    for (int n = 0; n < parts; ++n) {
        const Episode& p = episodes[std::size_t(n)];
        for (int t = 0; t < p.length; ++t) {
            for (int k = 0; k < Out; ++k)
                others += of_outputs.y[column(p.from + t, p.b, batch, Out) + std::size_t(k)] !=
                          apart.y[column(t, n, parts, Out) + std::size_t(k)];
            for (int k = 0; k < In; ++k)
                others += of_outputs.dx[column(p.from + t, p.b, batch, In) + std::size_t(k)] !=
                          apart.dx[column(t, n, parts, In) + std::size_t(k)];
        }
        for (int k = 0; k < L::components * count; ++k)
            for (int j = 0; j < H; ++j) {
                const std::size_t whole = column(k, p.b, batch, H) + std::size_t(j),
                                  part = column(k, n, parts, H) + std::size_t(j);
                const bool back = L::reversed || k % L::directions == 1;
                if (begins_as_given(p, back)) others += of_outputs.dinitial[whole] != apart.dinitial[part];
                if (ends_as_given(p, back)) others += of_outputs.final[whole] != apart.final[part];
            }
    }
    EXPECT_EQ(others, 0u);
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int k = 0; k < Out && t >= lengths[std::size_t(b)]; ++k)
                EXPECT_EQ(masked.y[column(t, b, batch, Out) + std::size_t(k)], 0);
    ASSERT_EQ(of_outputs.gradient.size(), apart.gradient.size());
    for (std::size_t k = 0; k < apart.gradient.size(); ++k)
        EXPECT_NEAR(of_outputs.gradient[k], apart.gradient[k], 1e-10 * (1 + std::abs(apart.gradient[k])));
}

TEST(Resets, OfAnLSTMCutItsSequences) { check<rondo::LSTM<3, 5, Stack{.layers = 2}>>(); }
TEST(Resets, OfABidirectionalGRUCutItsSequences) { check<rondo::GRU<1, 20, Stack{.bidirectional = true}>>(); }
TEST(Resets, OfALinearRecurrenceCutItsSequences) { check<rondo::MinGRU<5, 3, Stack{.reversed = true}>>(); }

TEST(Resets, AreOfTheWholeBatch) {
    using Net = Alone<rondo::MinGRU<5, 3, Stack{.reversed = true}>>;
    const rondo::Model<Net, B> model{rondo::Seed{1}};
    rondo::Workspace<Net, B> work;
    const DeviceSequence<B, S, 5> input{Numbers(10), Extent{1, 2}};
    const auto message = failure_of([&] {
                             work.record(model, nullptr, {}, [&](auto& run) {
                                 Net::forward(run, input.input(), Resets{begins.data(), 1});
                                 return rondo::LossValue<B>{};
                             });
                         }).message;
    EXPECT_EQ(message, "rondo::Resets: expected those of 2 sequences, got 1");
}

} // namespace resets_law_test
