// SPDX-License-Identifier: MIT
// Laws: a reversed layer is one that reads ahead, over reversed sequences; a bidirectional layer is two layers, one of
// which reads each sequence from its end.

#include "recurrent.hpp"

namespace {

using namespace law;

template <class R> struct OneWay;
template <template <int, int, rondo::Stack> class L, int In, int Hidden, rondo::Stack stack, class S>
struct OneWay<Recurrent<L<In, Hidden, stack>, S>> {
    using type = Recurrent<L<In, Hidden, rondo::Stack{.layers = stack.layers}>, S>;
};

template <class R>
struct Direction : ::testing::Test {};
TYPED_TEST_SUITE(Direction, Both);

/// Numbers of one direction's tensors: those of `other` whose names end so.
template <class To, class From>
std::vector<typename To::scalar> direction_of(const std::vector<typename To::scalar>& values, std::string_view ending) {
    std::vector<typename To::scalar> one(To::Model::size);
    for (const rondo::ParameterSpec& t : To::Net::tensors)
        for (const rondo::ParameterSpec& u : From::Net::tensors)
            if (u.name.view() == std::string{t.name.view()}.append(ending))
                std::copy_n(values.data() + u.offset, u.size(), one.data() + t.offset);
    return one;
}

TYPED_TEST(Direction, BothAreTwo) {
    using R = TypeParam;
    using S = typename R::scalar;
    using One = typename OneWay<R>::type;
    constexpr int H = R::layer::hidden_size;
    holds("bidirectional = one pass ahead and one over the reversed sequences", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, size.any_lengths());
        const typename R::Model model{rondo::Seed{size.seed}};
        const auto both = R::train(model, trial);

        // Entry 2 k + d of a state is component k of direction d.
        const auto entries = [](const typename R::States& s, int direction) {
            typename One::States one{s.steps / 2, s.batch};
            one.each([&](int k, int b, int row) { one.at(k, b, row) = s.at(2 * k + direction, b, row); });
            return one;
        };
        typename One::Model parameters;
        parameters.assign(direction_of<One, R>(model.values(), ""));
        const auto ahead = One::train(
            parameters, {trial.x, entries(trial.initial, 0), trial.dy.template rows<H>(0), entries(trial.dfinal, 0)});
        parameters.assign(direction_of<One, R>(model.values(), "_reverse"));
        const auto back = One::train(parameters, {trial.x.reversed(), entries(trial.initial, 1),
                                                  trial.dy.template rows<H>(H).reversed(), entries(trial.dfinal, 1)});

        // Ahead, both do the same; backwards, the columns of a product come in another order.
        RC_ASSERT(differing(both.y.template rows<H>(0).value, ahead.y.value) == 0u);
        RC_ASSERT(differing(entries(both.final, 0).value, ahead.final.value) == 0u);
        RC_ASSERT(differing(entries(both.dinitial, 0).value, ahead.dinitial.value) == 0u);
        RC_ASSERT(differing(direction_of<One, R>(both.gradient, ""), ahead.gradient) == 0u);
        RC_ASSERT(difference(both.y.template rows<H>(H), back.y.reversed()) <= tolerance<S>);
        RC_ASSERT(difference(entries(both.final, 1), back.final) <= tolerance<S>);
        RC_ASSERT(difference(entries(both.dinitial, 1), back.dinitial) <= tolerance<S>);
        RC_ASSERT(difference(direction_of<One, R>(both.gradient, "_reverse"), back.gradient) <= tolerance<S>);
        auto dx = ahead.dx;
        const auto reversed = back.dx.reversed();
        for (std::size_t k = 0; k < dx.value.size(); ++k) dx.value[k] += reversed.value[k];
        RC_ASSERT(difference(both.dx, dx) <= tolerance<S>);
    });
}

template <class R>
struct Reversed : ::testing::Test {};
using Back = ::testing::Types<Recurrent<rondo::LSTM<3, 5, rondo::Stack{.layers = 2, .reversed = true}>, float>,
                              Recurrent<rondo::GRUResetBefore<2, 6, rondo::Stack{.reversed = true}>, double>>;
TYPED_TEST_SUITE(Reversed, Back);

TYPED_TEST(Reversed, IsAheadOverReversedSequences) {
    using R = TypeParam;
    using S = typename R::scalar;
    using Ahead = typename OneWay<R>::type;
    holds("a reversed layer = a pass ahead over reversed sequences, whose outputs are turned back", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, size.any_lengths());
        const typename R::Model model{rondo::Seed{size.seed}};
        typename Ahead::Model parameters;
        parameters.assign(model.values());
        const auto back = R::train(model, trial);
        const auto ahead =
            Ahead::train(parameters, {trial.x.reversed(), trial.initial, trial.dy.reversed(), trial.dfinal});
        // The columns of a product come in another order.
        RC_ASSERT(difference(back.y, ahead.y.reversed()) <= tolerance<S>);
        RC_ASSERT(difference(back.final, ahead.final) <= tolerance<S>);
        RC_ASSERT(difference(back.dx, ahead.dx.reversed()) <= tolerance<S>);
        RC_ASSERT(difference(back.dinitial, ahead.dinitial) <= tolerance<S>);
        RC_ASSERT(difference(back.gradient, ahead.gradient) <= tolerance<S>);
        RC_ASSERT(differing(R::infer(model, trial).y.value, back.y.value) == 0u);
    });
}

} // namespace
