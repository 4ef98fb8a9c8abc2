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
        state.assign(halves.whole.initial.value);
        const auto kept = state;
        typename R::Workspace work;
        const auto forward = [&](const typename R::Input& x) {
            return R::output(work.forward(model, state, x.template place<typename R::Backend>().input()));
        };
        const auto first = forward(halves.first.x);
        const auto middle = R::infer(model, halves.first);
        RC_ASSERT(changed(first.value, middle.y.value) == 0u);
        RC_ASSERT(state.values() == middle.final.value);

        const auto second = forward(halves.second.x);
        halves.second.initial = middle.final;
        const auto end = R::infer(model, halves.second);
        RC_ASSERT(changed(second.value, end.y.value) == 0u);
        RC_ASSERT(state.values() == end.final.value);

        // A State is a value: what was kept goes back to the beginning.
        state = kept;
        RC_ASSERT(changed(first.value, forward(halves.first.x).value) == 0u);
        // And a run without one starts from zero and leaves it alone.
        const auto after = state;
        typename R::Trial from_zero = halves.whole;
        std::fill(from_zero.initial.value.begin(), from_zero.initial.value.end(), S(0));
        const auto x = halves.whole.x.template place<typename R::Backend>();
        RC_ASSERT(changed(R::output(work.forward(model, x.input())).value, R::infer(model, from_zero).y.value) == 0u);
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
        state.assign(trial.initial.value);
        typename R::Workspace work;
        std::vector<S> outputs;
        for (int t = 0; t < size.steps; ++t) {
            const auto x = trial.x.part(t, 1).template place<typename R::Backend>();
            const auto y = values_of<typename R::Backend>(work.step(model, state, x.input()));
            outputs.insert(outputs.end(), y.begin(), y.end());
        }
        const auto whole = R::infer(model, trial);
        RC_ASSERT(difference(whole.y.value, outputs) <= tolerance<S>);
        RC_ASSERT(difference(whole.final.value, state.values()) <= tolerance<S>);
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
        auto x = halves.first.x.template place<Backend>(), z = halves.second.x.template place<Backend>();
        auto initial = R::place(halves.whole.initial);
        const auto [c, d] = work.forward(model, x.input(), z.input(), initial.view());
        RC_ASSERT(difference(whole.y.value, joined(R::output(c), R::output(d.output))) <= tolerance<S>);

        const auto [a, b] = work.record(
            model, nullptr, {}, [&](auto& run) { return Net::forward(run, x.view(), z.view(), initial.view()); });
        const auto dy = [&](int from, int count) { return halves.whole.dy.part(from, count).value; };
        copy_to_device(work.backend(), a.gradient, dy(0, halves.steps));
        copy_to_device(work.backend(), b.output.gradient, dy(halves.steps, size.steps - halves.steps));
        set_gradients(work.backend(), b.final, halves.whole.dfinal.value);
        rondo::Model<Net, Backend> gradient;
        work.backward(&gradient);
        RC_ASSERT(difference(whole.gradient, gradient.values()) <= tolerance<S>);
        const auto dx = joined(halves.first.x.with(x.gradients()), halves.second.x.with(z.gradients()));
        RC_ASSERT(difference(whole.dx.value, dx) <= tolerance<S>);
        RC_ASSERT(difference(whole.dinitial.value, initial.gradients()) <= tolerance<S>);
    });
}

} // namespace
