// SPDX-License-Identifier: MIT
// Law: a dropout mask is a function of seed, step, layer, time, column and unit, and of nothing else.

#include "batch.hpp"
#include "generate.hpp"

#include <support/backend.hpp>

#include <rondo/layer/dropout.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

#include <set>

namespace dropout_law_test {

using namespace law;
using rondo::Rate;
using rondo::Seed;

constexpr int width = 7;
using Half = rondo::Dropout<width, Rate{1, 2}>;
using Two = rondo::Sequential<Half, Half>;

/// The masks that one dropout draws for a batch, or for part of one: what it makes of ones.
template <Rate rate, class S>
std::vector<S> mask(const rondo::Extent& extent, const rondo::Randomness& randomness) {
    using One = rondo::Sequential<rondo::Dropout<width, rate>>;
    using B = TestBackend<S>;
    const DeviceSequence<B, S, width> ones{std::vector<S>(width * extent.columns(), S(1)), extent};
    rondo::Workspace<One, B> work;
    const auto y = work.record(rondo::Model<One, B>{}, nullptr, randomness,
                               [&](auto& run) { return One::forward(run, ones.input()); });
    return values_of<B>(y);
}

TEST(DropoutLaw, PartsOfABatchDrawTheSameMasks) {
    holds("a batch in parts, by columns and by steps", [] {
        const Size size;
        const rondo::Randomness randomness{Seed{size.seed}, any<std::uint64_t>(0, 9), true};
        const rondo::Extent all{size.steps, size.batch};
        const auto whole = mask<Rate{40}, float>(all, randomness);
        const int t0 = any(0, size.steps + 1), b0 = any(0, size.batch + 1);
        for (const auto& [first_step, steps] : {std::pair{0, t0}, std::pair{t0, size.steps - t0}})
            for (const auto& [first_column, batch] : {std::pair{0, b0}, std::pair{b0, size.batch - b0}}) {
                const auto part = mask<Rate{40}, float>({steps, batch, nullptr, first_step, first_column}, randomness);
                std::vector<float> wanted;
                for (int t = first_step; t < first_step + steps; ++t)
                    for (int b = first_column; b < first_column + batch; ++b) {
                        const auto* column = whole.data() + width * (t * size.batch + b);
                        wanted.insert(wanted.end(), column, column + width);
                    }
                RC_ASSERT(part == wanted);
            }
    });
}

TEST(DropoutLaw, MasksAreTheStreamOfTheirLayer) {
    holds("a unit is kept where its word says so, in float and double", [] {
        const Size size;
        const std::uint64_t step = any<std::uint64_t>(0, std::uint64_t{1} << 40);
        const rondo::Randomness randomness{Seed{size.seed}, step, true};
        const auto a = mask<Rate{1, 8}, float>({size.steps, size.batch}, randomness);
        const auto b = mask<Rate{1, 8}, double>({size.steps, size.batch}, randomness);
        const rondo::RandomStream draw{Seed{size.seed}, rondo::Purpose::dropout, step, 1}; // 0 is the network itself
        std::size_t k = 0;
        for (int t = 0; t < size.steps; ++t)
            for (int n = 0; n < size.batch; ++n)
                for (int unit = 0; unit < width; ++unit, ++k) {
                    const bool kept =
                        rondo::uniform(draw(std::uint64_t(unit), std::uint32_t(n), std::uint32_t(t))) >= 0.125f;
                    RC_ASSERT(a[k] == (kept ? float(8. / 7) : 0.f));
                    RC_ASSERT(b[k] == (kept ? 8. / 7 : 0.));
                }
    });
}

TEST(DropoutLaw, BackwardIsTheMask) {
    holds("dL/dx = mask dL/dy", [] {
        const Size size;
        using B = TestBackend<double>;
        const auto x = law::Batch<double>::random(size.seed, width, size.steps, size.batch, size.any_lengths());
        const auto dy = law::Batch<double>::random(size.seed + 1, width, size.steps, size.batch, x.lengths);
        const rondo::Randomness randomness{Seed{size.seed}, 2, true};
        using One = rondo::Sequential<rondo::Dropout<width, Rate{30}>>;
        rondo::Workspace<One, B> work;
        auto placed = x.place<B, width>();
        const auto result = work.record(rondo::Model<One, B>{}, nullptr, randomness,
                                        [&](auto& run) { return One::forward(run, placed.view()); });
        copy_to_device(work.backend(), result.gradient, dy.value);
        work.backward(nullptr);
        const auto y = values_of<B>(result), dx = placed.gradients();
        const auto factor = mask<Rate{30}, double>({size.steps, size.batch}, randomness);
        for (std::size_t k = 0; k < x.value.size(); ++k) {
            RC_ASSERT(y[k] == x.value[k] * factor[k]);
            RC_ASSERT(dx[k] == dy.value[k] * factor[k]);
        }
    });
}

TEST(DropoutLaw, KeptFractionIsOneMinusTheRate) {
    const auto fraction = [](const std::vector<float>& mask) {
        return double(std::ranges::count_if(mask, [](float m) { return m != 0; })) / double(mask.size());
    };
    // 64,000 units: four standard deviations are below 0.008.
    const rondo::Extent extent{92, 100};
    const rondo::Randomness randomness{Seed{3}, 1, true};
    EXPECT_NEAR(fraction(mask<Rate{10}, float>(extent, randomness)), 0.9, 0.008);
    EXPECT_NEAR(fraction(mask<Rate{1, 2}, float>(extent, randomness)), 0.5, 0.008);
    EXPECT_NEAR(fraction(mask<Rate{99}, float>(extent, randomness)), 0.01, 0.008);
    EXPECT_EQ(fraction(mask<Rate{0}, float>(extent, randomness)), 1);
    const auto half = mask<Rate{1, 2}, float>(extent, randomness);
    EXPECT_EQ((std::set<float>{half.begin(), half.end()}), (std::set<float>{0, 2}));
}

TEST(DropoutLaw, LayersStepsAndSeedsDrawApart) {
    const rondo::Extent extent{40, 40};
    const rondo::Randomness randomness{Seed{3}, 1, true};
    const auto first = mask<Rate{1, 2}, float>(extent, randomness);
    const auto agree = [&](const std::vector<float>& other) {
        std::size_t same = 0;
        for (std::size_t k = 0; k < first.size(); ++k) same += first[k] == other[k];
        return double(same) / double(first.size());
    };
    EXPECT_NEAR(agree(mask<Rate{1, 2}, float>(extent, {Seed{3}, 2, true})), 0.5, 0.03);
    EXPECT_NEAR(agree(mask<Rate{1, 2}, float>(extent, {Seed{4}, 1, true})), 0.5, 0.03);
    // Two layers keep a quarter of the units between them.
    using B = TestBackend<float>;
    DeviceSequence<B, float, width> ones{std::vector<float>(width * extent.columns(), 1.f), extent};
    rondo::Workspace<Two, B> work;
    const auto y = values_of<B>(work.record(rondo::Model<Two, B>{}, nullptr, randomness,
                                            [&](auto& run) { return Two::forward(run, ones.view()); }));
    std::size_t kept = 0;
    for (std::size_t k = 0; k < y.size(); ++k) {
        kept += y[k] != 0;
        if (first[k] == 0) {
            ASSERT_EQ(y[k], 0) << k;
        }
    }
    EXPECT_NEAR(double(kept) / double(y.size()), 0.25, 0.03);
}

TEST(DropoutLaw, OutsideOfTrainingNothingHappens) {
    using B = TestBackend<float>;
    const auto host = law::Batch<float>::random(1, width, 5, 3);
    const auto x = host.place<B, width>();
    rondo::Workspace<Two, B> work;
    const rondo::Model<Two, B> model;
    rondo::BatchState<Two, B> state{3};
    const auto body = [&](auto& run) { return Two::forward(run, x.input()); };
    EXPECT_EQ(values_of<B>(work.forward(model, x.input())), host.value);
    const rondo::SequenceView<const float, width> first{x.input().value, nullptr, {1, 3}};
    EXPECT_EQ(values_of<B>(work.step(model, state, first)), values_of<B>(first));
    EXPECT_EQ(values_of<B>(work.evaluate(model, nullptr, body)), host.value);
    EXPECT_EQ(values_of<B>(work.record(model, nullptr, {Seed{1}, 1, false}, body)), host.value);
}

} // namespace dropout_law_test
