// SPDX-License-Identifier: MIT
// Law: one answer. The same seed, data and extents give the same bits, whatever ran before.

#include "recurrent.hpp"

#include <rondo/initial/orthogonal.hpp>
#include <rondo/initial/xavier.hpp>

namespace {

using namespace law;
using rondo::Seed;

constexpr rondo::Stack stack{.layers = 2, .dropout = rondo::Rate{30}};
template <class R>
struct SeedLaw : ::testing::Test {};
using Some = ::testing::Types<Recurrent<rondo::LSTM<3, 16, stack>, float>, Recurrent<rondo::GRU<4, 17, stack>, double>,
                              Recurrent<rondo::GRUResetBefore<2, 5, stack>, float>>;
TYPED_TEST_SUITE(SeedLaw, Some);

TYPED_TEST(SeedLaw, GivesTheSameParameters) {
    using Model = typename TypeParam::Model;
    holds("equal seeds, equal parameters; other seeds, others", [] {
        const Seed seed{any<std::uint64_t>(0, 1 << 16)}, other{seed.value + any<std::uint64_t>(1, 1 << 16)};
        RC_ASSERT(Model{seed} == Model{seed});
        RC_ASSERT(Model(seed, rondo::Xavier{}) == Model(seed, rondo::Xavier{}));
        RC_ASSERT(Model(seed, rondo::Orthogonal{}) == Model(seed, rondo::Orthogonal{}));
        RC_ASSERT(!(Model{seed} == Model{other}));
    });
}

TYPED_TEST(SeedLaw, GivesTheSameTrainingStep) {
    using R = TypeParam;
    holds("equal randomness, equal outputs, states and gradients", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps + 1, size.batch, size.any_lengths());
        const typename R::Model model{Seed{size.seed}};
        const rondo::Randomness randomness{Seed{size.seed}, 5, true};
        const auto same = [](const typename R::Outcome& a, const typename R::Outcome& b) {
            return differing(a.y.value, b.y.value) + differing(a.final.value, b.final.value) +
                       differing(a.dx.value, b.dx.value) + differing(a.dinitial.value, b.dinitial.value) +
                       differing(a.gradient, b.gradient) ==
                   0;
        };
        typename R::Workspace fresh, used;
        R::train(model, R::Trial::random(size.seed + 9, 9, 9), used, {Seed{7}, 1, true});
        const auto a = R::train(model, trial, fresh, randomness);
        RC_ASSERT(same(a, R::train(model, trial, used, randomness)));
        RC_ASSERT(same(a, R::train(model, trial, fresh, randomness)));
        // A workspace that moved between record and backward is the same workspace.
        auto moved = std::move(used);
        RC_ASSERT(same(a, R::train(model, trial, moved, randomness)));
    });
}

TYPED_TEST(SeedLaw, AnotherStepOrSeedIsAnotherMask) {
    using R = TypeParam;
    const auto trial = R::Trial::random(1, 6, 5);
    const typename R::Model model{Seed{1}};
    typename R::Workspace work;
    const auto y = [&](std::uint64_t seed, std::uint64_t step, bool dropout) {
        return R::train(model, trial, work, {Seed{seed}, step, dropout}).y.value;
    };
    EXPECT_GT(differing(y(1, 1, true), y(1, 2, true)), 0u);
    EXPECT_GT(differing(y(1, 1, true), y(2, 1, true)), 0u);
    EXPECT_GT(differing(y(1, 1, true), y(1, 1, false)), 0u);
    EXPECT_EQ(differing(y(1, 1, false), y(2, 2, false)), 0u);
    EXPECT_EQ(differing(y(1, 1, false), R::infer(model, trial).y.value), 0u);
}

TEST(MovedWorkspace, KeepsWhatItRecorded) {
    using R = Recurrent<rondo::LSTM<3, 5>, double>;
    const auto trial = R::Trial::random(1, 4, 3);
    const R::Model model{Seed{1}};
    const auto wanted = R::train(model, trial);
    auto x = trial.x.place<R::Backend>();
    auto initial = R::place(trial.initial);
    R::Workspace work;
    const auto [y, final] =
        work.record(model, nullptr, {}, [&](auto& run) { return R::Net::forward(run, x.view(), initial.view()); });
    R::Workspace moved = std::move(work);
    copy_to_device(moved.backend(), y.gradient, trial.dy.value);
    set_gradients(moved.backend(), final, trial.dfinal.value);
    R::Model gradient;
    moved.backward(&gradient);
    EXPECT_EQ(gradient.values(), wanted.gradient);
    EXPECT_EQ(x.gradients(), wanted.dx.value);
    // What is replayed is gone.
    EXPECT_THROW(moved.backward(&gradient), rondo::Failure);
    EXPECT_EQ(gradient.values(), wanted.gradient);
}

} // namespace
