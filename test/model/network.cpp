// SPDX-License-Identifier: MIT
// A network's layers, one after the other in tensors, state and random numbers; and what its forward may do with them.
#include <rondo/layer/activation.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/op/concatenate.hpp>
#include <rondo/op/each_step.hpp>
#include <rondo/stream/stream.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace network_test {

using namespace rondo;

using Inner = Sequential<Linear<5, 3>, Dropout<3, Rate{10}>, Named<"rec", RNN<3, 4>>>;
using Outer = Network<Named<"a", LSTM<2, 5, Stack{.layers = 3}>>, Named<"inner", Inner>, Named<"b", RNN<4, 6>>>;

static_assert(Inner::input_size == 5 && Inner::output_size == 4);
static_assert(Outer::layer_count == 3);
static_assert(Outer::index_of<"a"> == 0 && Outer::index_of<"inner"> == 1 && Outer::index_of<"b"> == 2);
static_assert(Inner::index_of<"0"> == 0 && Inner::index_of<"1"> == 1 && Inner::index_of<"rec"> == 2);

// Tensors: 3 layers of 4, then 2 + 0 + 4, then 4.
static_assert(Outer::tensors.size() == 22);
static_assert(Outer::positions[0].tensor == 0 && Outer::positions[1].tensor == 12 && Outer::positions[2].tensor == 18);
static_assert(Inner::positions[1].tensor == 2 && Inner::positions[2].tensor == 2);
static_assert(Outer::tensors[18].name.view() == "b.weight_ih_l0" &&
              Outer::tensors[14].name.view() == "inner.rec.weight_ih_l0");

// State: h and c of three layers of five units, then h of four, then of six.
static_assert(Outer::positions[1].state == 30 && Outer::positions[2].state == 34 && Outer::state_size == 40);
static_assert(BatchState<Outer>::size_per_sequence == 40);

// Random numbers: the network's own, one for each layer of the stack, the inner network and its three layers, the last.
static_assert(Outer::positions[0].number == 1 && Outer::positions[1].number == 4 && Outer::positions[2].number == 8);
static_assert(Inner::positions[0].number == 1 && Inner::positions[2].number == 3 && Inner::numbers == 4 &&
              Outer::numbers == 9);

std::vector<float> numbers_of(std::size_t n) {
    std::vector<float> all(n);
    for (std::size_t k = 0; k < n; ++k) all[k] = float(int(k * 7 % 11) - 5) / 5;
    return all;
}
template <class Y>
std::vector<float> values(const Y& y) {
    return {y.value, y.value + y.size()};
}

/// Two inputs, a layer called twice, a branch and a loop.
struct Own : Network<Named<"body", Linear<3, 4>>, Named<"cell", RNN<4, 4>>, Named<"head", Linear<4, 2>>> {
    static auto forward(auto& run, auto a, auto b, bool loop) {
        const auto sum = add(run, run(layer<"body">, a), run(layer<"body">, b));
        if (!loop) return run(layer<"head">, run(layer<"cell">, sum));
        auto state = run(layer<"cell">, step_of(sum, 0), from_zero).final;
        const auto y = each_step(run, sum, [&](auto x, int t) {
            const auto step = t == 0 ? run(layer<"cell">, x, from_zero) : run(layer<"cell">, x, state);
            state = step.final;
            return step.output;
        });
        return run(layer<"head">, y);
    }
};

TEST(Network, MayBranchLoopAndCallALayerTwice) {
    const auto a = numbers_of(3 * 5 * 2), b = numbers_of(3 * 5 * 2 + 1);
    const SequenceView<const float, 3> x{a.data(), nullptr, {5, 2}}, y{b.data() + 1, nullptr, {5, 2}};
    const Model<Own> model{Seed{1}};
    Workspace<Own> work;
    const auto straight = values(work.forward(model, x, y, false)), looped = values(work.forward(model, x, y, true));
    ASSERT_EQ(straight.size(), looped.size());
    for (std::size_t k = 0; k < straight.size(); ++k) EXPECT_NEAR(straight[k], looped[k], 1e-6) << k;
    // It is symmetric in its inputs, since their layer is one.
    EXPECT_EQ(values(work.forward(model, y, x, false)), straight);
}

TEST(Network, TakesConstInputsWithoutAGradient) {
    using Net = Sequential<Residual<Linear<4, 4>>, Dropout<4, Rate{10}>, Linear<4, 2>>;
    const auto x = numbers_of(4 * 3);
    const Model<Net> model{Seed{1}};
    const auto gradient = [&](auto view) {
        Workspace<Net> work;
        Model<Net> sum;
        const auto y = work.record(model, nullptr, {}, [&](auto& run) { return Net::forward(run, view); });
        for (std::size_t k = 0; k < y.size(); ++k) y.gradient[k] = float(k);
        work.backward(&sum);
        return sum.values();
    };
    auto copy = x;
    std::vector<float> dx(x.size());
    const auto wanted = gradient(SequenceView<float, 4>{copy.data(), dx.data(), {3, 1}});
    EXPECT_EQ(gradient(SequenceView<const float, 4>{x.data(), nullptr, {3, 1}}), wanted);
    EXPECT_EQ(gradient(SequenceView<float, 4>{copy.data(), nullptr, {3, 1}}), wanted);
    EXPECT_NE(dx, std::vector<float>(x.size()));
}

TEST(Network, MayBeALayerOfAnother) {
    using Flat = Sequential<Linear<2, 5>, RNN<5, 4>, Linear<4, 3>>;
    using Deep = Sequential<Sequential<Linear<2, 5>, Sequential<RNN<5, 4>>>, Linear<4, 3>>;
    static_assert(parameter_count<Flat> == parameter_count<Deep>);
    const Model<Flat> flat{Seed{1}};
    Model<Deep> deep;
    deep.assign(flat.values());
    const auto numbers = numbers_of(2 * 6);
    const SequenceView<const float, 2> x{numbers.data(), nullptr, {3, 2}};
    Workspace<Flat> a;
    Workspace<Deep> b;
    BatchState<Flat> one{2};
    BatchState<Deep> other{2};
    EXPECT_EQ(values(a.forward(flat, one, x)), values(b.forward(deep, other, x)));
    EXPECT_EQ(values(a.forward(flat, one, x)), values(b.forward(deep, other, x)));
}

// Siamese: both calls begin from zero. With a carried state the second could not, so it is refused.
struct Twin : Network<Named<"body", GRU<3, 4>>> {
    static constexpr int input_size = 3;
    static auto forward(auto& run, const auto& x) { return add(run, run(layer<"body">, x), run(layer<"body">, x)); }
};

TEST(Network, MayCallARecurrentLayerOnceWhereStateIsCarried) {
    const auto numbers = numbers_of(3 * 5);
    const SequenceView<const float, 3> x{numbers.data(), nullptr, {5, 1}};
    const Model<Twin> model{Seed{1}};
    Model<GRU<3, 4>> body;
    body.assign(model.values());
    Workspace<Twin> work;
    Workspace<GRU<3, 4>> alone;
    auto twice = values(alone.forward(body, x));
    for (float& y : twice) y += y;
    EXPECT_EQ(values(work.forward(model, x)), twice);

    const std::string message = "rondo: a recurrent layer is called twice in a run that carries its state; give the "
                                "calls their first states";
    BatchState<Twin> state{1};
    expect_argument([&] { work.forward(model, state, x); }, message);
    expect_argument([&] { work.record(model, &state, {}, [&](auto& run) { return Twin::forward(run, x); }); }, message);
    EXPECT_EQ(state, BatchState<Twin>{1});
    const Packed packed{model};
    expect_argument([&] { Stream stream{packed}; }, message);
}

// Each call of a dropout draws a mask of its own.
struct Masks : Network<Named<"drop", Dropout<20, Rate{50}>>> {
    static auto forward(auto& run, const auto& x) {
        return concatenate(run, run(layer<"drop">, x), run(layer<"drop">, x));
    }
};

TEST(Network, DrawsAnewAtEachCall) {
    const std::vector<float> ones(20, 1);
    const Model<Masks> model;
    Workspace<Masks> work;
    const auto y = values(work.record(model, nullptr, {Seed{1}, 0, true}, [&](auto& run) {
        return Masks::forward(run, SequenceView<const float, 20>{ones.data(), nullptr, {1, 1}});
    }));
    EXPECT_FALSE(std::equal(y.begin(), y.begin() + 20, y.begin() + 20));
}

/// Operands of different extents: a sequence and one step.
template <int which>
struct DifferentExtents : Network<Named<"last", LastStep<3>>> {
    static auto forward(auto& run, const auto& x) {
        const auto last = run(layer<"last">, x);
        if constexpr (which == 0) return add(run, x, last);
        if constexpr (which == 1) return concatenate(run, x, last);
        if constexpr (which == 2) return each_step(run, x, [&](auto, int) { return x; });
    }
};

TEST(Network, RefusesOperandsOfDifferentExtents) {
    const auto numbers = numbers_of(3 * 5);
    const SequenceView<const float, 3> x{numbers.data(), nullptr, {5, 1}};
    const auto expect = [&]<int which>(std::integral_constant<int, which>, const std::string& message) {
        expect_argument([&] { Workspace<DifferentExtents<which>>{}.forward(Model<DifferentExtents<which>>{}, x); },
                        message);
    };
    const std::string differ = ": different extents: 5 steps of 1 sequences and 1 steps of 1 sequences";
    expect(std::integral_constant<int, 0>{}, "rondo::add" + differ);
    expect(std::integral_constant<int, 1>{}, "rondo::concatenate" + differ);
    expect(std::integral_constant<int, 2>{}, "rondo::each_step: the function's result and a step" + differ);
}

TEST(Network, RefusesTokensThatAreNone) {
    using Net = Sequential<Embedding<7, 3>, Linear<3, 2>>;
    const std::vector<int> tokens{0, 6, 3, 7};
    const Model<Net> model{Seed{1}};
    Workspace<Net> work;
    expect_argument([&] { work.forward(model, Tokens{tokens.data(), nullptr, {2, 2}}); },
                    "rondo: token 7 of sequence 1, step 1 is not from 0 to 6");
    const int lengths[]{2, 1};
    EXPECT_EQ(work.forward(model, Tokens{tokens.data(), nullptr, {2, 2, lengths}}).columns(), 4u) << "it is padding";
}

TEST(Network, HandsANaNOn) {
    const std::vector<float> nan(5, std::numeric_limits<float>::quiet_NaN());
    const SequenceView<const float, 5> x{nan.data(), nullptr, {1, 1}};
    for (const float y : values(Workspace<ReLU<5>>{}.forward(Model<ReLU<5>>{}, x))) EXPECT_TRUE(std::isnan(y));
    using Rectified = ReluRNN<5, 3>;
    Workspace<Rectified> work;
    for (const float y : values(work.forward(Model<Rectified>{Seed{1}}, x))) EXPECT_TRUE(std::isnan(y));
}

} // namespace network_test
