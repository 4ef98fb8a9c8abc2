// SPDX-License-Identifier: MIT
// Law: running T1 steps and then T2 from where they ended is running T1 + T2 steps.

#include "recurrent.hpp"

namespace {

using namespace law;

template <class R>
struct Steps : ::testing::Test {};
TYPED_TEST_SUITE(Steps, Ahead);

template <class R>
struct Halves {
    typename R::Trial whole, first, second;
    int steps;

    explicit Halves(const Size& size)
        : whole{R::Trial::random(size.seed, size.steps, size.batch, size.any_lengths())}, first{whole}, second{whole},
          steps{any(0, size.steps + 1)} {
        first.x = whole.x.part(0, steps);
        second.x = whole.x.part(steps, size.steps - steps);
    }
};

/// The parts' outputs, one after the other.
template <class B>
std::vector<typename decltype(B::value)::value_type> joined(const B& a, const B& b) {
    auto all = a.value;
    all.insert(all.end(), b.value.begin(), b.value.end());
    return all;
}

TYPED_TEST(Steps, InPartsFromExplicitStates) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("T1 + T2 steps = T1 steps, then T2 steps", [] {
        const Size size;
        Halves<R> halves{size};
        const typename R::Model model{rondo::Seed{size.seed}};
        const auto whole = R::infer(model, halves.whole), first = R::infer(model, halves.first);
        halves.second.initial = first.final;
        const auto second = R::infer(model, halves.second);
        RC_ASSERT(difference(whole.y.value, joined(first.y, second.y)) <= tolerance<S>);
        RC_ASSERT(difference(whole.final, second.final) <= tolerance<S>);
    });
}

TYPED_TEST(Steps, InPartsFromCarriedState) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("a carried State is the explicit States, bit by bit", [] {
        const Size size;
        Halves<R> halves{size};
        const typename R::Model model{rondo::Seed{size.seed}};
        typename R::State state{size.batch};
        std::copy_n(halves.whole.initial.value.data(), state.size(), state.data());
        const auto kept = state;
        typename R::Workspace work;
        const auto first = R::Output::of(work.forward(model, state, halves.first.x.input()));
        const auto middle = R::infer(model, halves.first);
        RC_ASSERT(differing(first.value, middle.y.value) == 0u);
        RC_ASSERT(std::equal(state.data(), state.data() + state.size(), middle.final.value.data()));

        const auto second = R::Output::of(work.forward(model, state, halves.second.x.input()));
        halves.second.initial = middle.final;
        const auto end = R::infer(model, halves.second);
        RC_ASSERT(differing(second.value, end.y.value) == 0u);
        RC_ASSERT(std::equal(state.data(), state.data() + state.size(), end.final.value.data()));

        // A State is a value: what was kept goes back to the beginning.
        state = kept;
        RC_ASSERT(differing(first.value, R::Output::of(work.forward(model, state, halves.first.x.input())).value) ==
                  0u);
        // And a run without one starts from zero and leaves it alone.
        const auto after = state;
        typename R::Trial from_zero = halves.whole;
        std::fill(from_zero.initial.value.begin(), from_zero.initial.value.end(), S(0));
        RC_ASSERT(differing(R::Output::of(work.forward(model, halves.whole.x.input())).value,
                            R::infer(model, from_zero).y.value) == 0u);
        RC_ASSERT(state == after);
    });
}

TYPED_TEST(Steps, OneByOne) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("T steps = T times Workspace::step", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch);
        const typename R::Model model{rondo::Seed{size.seed}};
        typename R::State state{size.batch};
        std::copy_n(trial.initial.value.data(), state.size(), state.data());
        typename R::Workspace work;
        std::vector<S> outputs;
        for (int t = 0; t < size.steps; ++t) {
            const auto x = trial.x.part(t, 1);
            const auto y = work.step(model, state, x.input());
            outputs.insert(outputs.end(), y.value, y.value + y.size());
        }
        const auto whole = R::infer(model, trial);
        RC_ASSERT(difference(whole.y.value, outputs) <= tolerance<S>);
        RC_ASSERT(difference(whole.final.value, {state.data(), state.data() + state.size()}) <= tolerance<S>);
    });
}

// A run that calls a layer twice: a tape with a States between its records.
template <class L>
struct Twice : rondo::Network<rondo::Named<"rec", L>> {
    static auto forward(auto& run, const auto& a, const auto& b, const auto& initial) {
        const auto first = run(rondo::layer<"rec">, a, initial);
        return std::pair{first.output, run(rondo::layer<"rec">, b, first.final)};
    }
};

TYPED_TEST(Steps, InPartsWithinOneRun) {
    using R = TypeParam;
    using S = typename R::scalar;
    using Net = Twice<typename R::layer>;
    using Backend = typename R::Backend;
    holds("a layer called twice goes on, forward and backward", [] {
        const Size size;
        Halves<R> halves{size};
        const rondo::Model<Net, Backend> model{rondo::Seed{size.seed}};
        const typename R::Model alone{rondo::Seed{size.seed}};
        const auto whole = R::train(alone, halves.whole);

        rondo::Workspace<Net, Backend> work;
        auto initial = halves.whole.initial;
        const auto [c, d] =
            work.forward(model, halves.first.x.input(), halves.second.x.input(), R::states(initial));
        RC_ASSERT(difference(whole.y.value, joined(R::Output::of(c), R::Output::of(d.output))) <= tolerance<S>);

        const auto [a, b] = work.record(model, nullptr, {}, [&, s = R::states(initial)](auto& run) {
            return Net::forward(run, halves.first.x.view(), halves.second.x.view(), s);
        });
        const auto dy = [&](int from, int count) { return halves.whole.dy.part(from, count).value; };
        std::ranges::copy(dy(0, halves.steps), a.slope);
        std::ranges::copy(dy(halves.steps, size.steps - halves.steps), b.output.slope);
        R::set_slopes(b.final, halves.whole.dfinal);
        rondo::Model<Net, Backend> gradient;
        work.backward(&gradient);
        RC_ASSERT(difference(whole.gradient, gradient.values()) <= tolerance<S>);
        RC_ASSERT(difference(whole.dx.value, joined(halves.first.x.slopes(), halves.second.x.slopes())) <=
                  tolerance<S>);
        RC_ASSERT(difference(whole.dinitial, initial.slopes()) <= tolerance<S>);
    });
}

} // namespace
