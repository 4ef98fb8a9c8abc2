// SPDX-License-Identifier: MIT
// Many streams together compute what each computes alone, bit for bit, however they join, leave and step.
#include "scans.hpp"
#include "sessions.hpp"

#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pool1d.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/layer/time_distributed.hpp>

#include <support/compositions.hpp>

#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

namespace {

using namespace rondo;

TEST(Streams, HaveTheBitsOfStreamsAlone) {
    expect_equal_bits<Sequential<LSTM<3, 3>, LSTM<3, 20>, GRU<20, 33>, Linear<33, 2>>, double>(70);
}

/// Layers of the user's own: one by hand, and one derived from a layer of the library whose forward it replaces.
template <int Size>
struct Doubled {
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static auto forward(auto& run, const auto& x) {
        const auto y = run.template make<Size>(x.extent);
        if constexpr (!std::remove_reference_t<decltype(run)>::dry())
            for (int k = 0; k < Size; ++k) y.value[k] = 2 * x.value[k];
        return y;
    }
};
template <int Size>
struct OneMore : Linear<Size, Size> {
    static auto forward(auto& run, const auto& x) {
        const auto y = Linear<Size, Size>::forward(run, x);
        if constexpr (!std::remove_reference_t<decltype(run)>::dry())
            for (int k = 0; k < Size; ++k) y.value[k] += 1;
        return y;
    }
};
using Layers =
    Sequential<Linear<3, 5>, BatchNorm1d<5>, LayerNorm<5>, ReLU<5>, Residual<Linear<5, 5>>, Doubled<5>, BatchNorm1d<5>,
               Residual<Named<"deep", Sequential<Linear<5, 20>, Tanh<20>, GRU<20, 5>>>>, OneMore<5>,
               Dropout<5, Rate{25}>, ResidualOfFirst<RNN<5, 3>>, Softmax<3>, LinearWithoutBias<3, 2>>;
using Words = Sequential<Embedding<28, 5>, LSTM<5, 20>, Linear<20, 28>, LogSoftmax<28>>;

TEST(Streams, OfOtherLayersHaveTheBitsOfStreamsAlone) {
    expect_equal_bits<Layers, double>();
    expect_equal_bits<Words, double>();
    expect_equal_bits<Scans, double>();
    expect_equal_bits<LSTM<3, 5>, double>();
}

constexpr ConvOptions strided(int stride) { return {.stride = stride, .padding = causal_padding}; }
/// Three rates: a step reads 12 inputs.
using Rates =
    Sequential<Conv1d<2, 4, 4, strided(2)>, BatchNorm1d<4>, GRU<4, 5>, LayerNorm<5>, AvgPool1d<5, 2>, Linear<5, 6>,
               Sigmoid<6>, Conv1d<6, 6, 3, ConvOptions{.stride = 3, .groups = 2, .padding = causal_padding}>,
               LSTM<6, 4>, Conv1d<4, 4, 5, ConvOptions{.dilation = 2, .groups = 4, .padding = causal_padding}>,
               MaxPool1d<4, 3, PoolOptions{.stride = 1, .padding = causal_padding}>,
               TimeDistributed<2, Conv1d<2, 3, 2, ConvOptions{.padding = same_padding}>, MeanPooling<3>>>;
using Frames =
    Sequential<TimeDistributed<6, Conv1d<2, 5, 4, ConvOptions{.stride = 2, .padding = {1, 1}}>, MaxPooling<5>>,
               Conv1d<5, 4, 3, strided(2)>, LSTM<4, 3>>;
TEST(Streams, OfSeveralRatesHaveTheBitsOfStreamsAlone) {
    expect_equal_bits<Rates, double>();
    expect_equal_bits<Frames, double>();
}

using Small = Sequential<LSTM<1, 3>, Linear<3, 1>>;
using Many = Streams<Small>;
static_assert(std::regular<Many::Handle> && std::movable<Many> && !std::is_copy_constructible_v<Many>);
static_assert(!std::is_constructible_v<Many, Packed<Small>&&, std::size_t>);
static_assert(noexcept(std::declval<Many&>().join()) && noexcept(std::declval<Many&>().leave({})) &&
              noexcept(std::declval<Many&>().step({}, {}, {})));

TEST(Streams, RefuseHandlesOfSequencesThatHaveLeft) {
    const Packed packed{Model<Small>{Seed{3}}};
    Many streams{packed, 2}, others{packed, 2};
    const auto a = streams.join(), b = streams.join(), other = others.join();
    EXPECT_FALSE(streams.join()) << "full";
    std::array<float, 2> y{};
    const std::array x{0.5f, 0.25f};
    EXPECT_TRUE(streams.step(std::array{a, b}, x, y));
    const auto kept = *streams.state(b);
    EXPECT_TRUE(streams.leave(a));
    const auto c = streams.join(); // where a was
    EXPECT_NE(a, c);
    for (const Many::Handle& stale : {a, other, Many::Handle{}}) {
        const std::array before = y = {7, 7};
        EXPECT_FALSE(streams.holds(stale));
        EXPECT_FALSE(streams.step(std::array{b, stale}, x, y));
        EXPECT_FALSE(streams.step(std::array{stale, b}, x, y));
        EXPECT_FALSE(streams.state(stale, kept));
        EXPECT_FALSE(streams.reset(stale));
        EXPECT_FALSE(streams.leave(stale));
        EXPECT_EQ(streams.state(stale), nullptr);
        EXPECT_EQ(y, before);
    }
    EXPECT_EQ(*streams.state(b), kept);
    EXPECT_EQ(*streams.state(c), State<Small>{});
    EXPECT_EQ(streams.size(), 2u);
    EXPECT_FALSE(streams.step(std::array{b, b}, x, y)) << "twice";
    EXPECT_EQ(*streams.state(b), kept);
    EXPECT_TRUE(streams.step(std::array{c, b}, x, y)) << "what was refused is forgotten";
}

TEST(Streams, RefuseInputsAndOutputsOfOtherSizes) {
    const Packed packed{Model<Small>{Seed{3}}};
    Many streams{packed, 2};
    const std::array of{streams.join(), streams.join()};
    std::array<float, 3> x{}, y{};
    EXPECT_FALSE(streams.step(of, std::span{x}.first(1), std::span{y}.first(2)));
    EXPECT_FALSE(streams.step(of, x, std::span{y}.first(2)));
    EXPECT_FALSE(streams.step(of, std::span{x}.first(2), y));
    EXPECT_TRUE(streams.step(of, std::span{x}.first(2), std::span{y}.first(2)));
    EXPECT_TRUE(streams.step({}, {}, {})) << "none";
    EXPECT_FALSE(Many(packed, 0).join()) << "no room";
}

TEST(Streams, KeepTheirHandlesWhenMoved) {
    const Packed packed{Model<Small>{Seed{3}}};
    Many streams{packed, 3};
    const auto a = streams.join();
    Many moved{std::move(streams)};
    float y = 0;
    EXPECT_TRUE(moved.step({&a, 1}, std::array{0.5f}, {&y, 1}));
    Stream alone{packed};
    EXPECT_EQ(y, alone.step(0.5f)[0]);
    // NOLINTNEXTLINE(bugprone-use-after-move): what is left has no place for a sequence
    EXPECT_EQ(streams.size() + streams.capacity(), 0u);
    EXPECT_FALSE(streams.join());
}

} // namespace
