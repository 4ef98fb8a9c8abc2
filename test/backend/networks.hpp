// SPDX-License-Identifier: MIT
#pragma once

#include "support.hpp"

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/op/each_step.hpp>
#include <rondo/train/gradient_check.hpp>

#include <cstddef>
#include <limits>
#include <vector>

/// What every backend's results are compared with.
using Reference = rondo::EigenBackend<double>;

template <class Net, class B>
rondo::Model<Net, B> random_model() {
    using S = typename B::scalar;
    std::vector<S> values(rondo::buffer_size<Net>);
    std::uint32_t stream = 100;
    for (const rondo::ParameterSpec& t : Net::tensors) {
        const auto some = numbers<S>(t.size(), stream++);
        for (std::size_t k = 0; k < t.size(); ++k) values[t.offset + k] = some[k] / 2;
    }
    rondo::Model<Net, B> model;
    model.assign(values);
    return model;
}

/// A recurrent layer forward and backward, from an initial state, its gradients given from outside.
template <class Layer, class B>
auto run_recurrent(const int* lengths) {
    using S = typename B::scalar;
    constexpr int in = Layer::input_size, out = Layer::output_size, components = Layer::components;
    const rondo::Extent extent{6, 4, lengths};
    auto host = numbers<S>(in * extent.columns(), 1);
    for (int t = 0; t < extent.steps; ++t)
        for (int b = 0; b < extent.batch; ++b)
            if (!extent.active(t, b))
                host[std::size_t(t * extent.batch + b) * in] = std::numeric_limits<S>::quiet_NaN();
    auto x = on_device<B>(host);
    typename B::template buffer<S> dx(host.size());

    rondo::States<S, Layer::hidden_size, Layer::layers * Layer::directions, components> initial{.batch = extent.batch};
    const std::size_t size = initial.size(), all = size * components;
    auto start = on_device<B>(numbers<S>(all, 2)), dy = on_device<B>(numbers<S>(out * extent.columns(), 3)),
         dfinal = on_device<B>(numbers<S>(all, 4));
    typename B::template buffer<S> dstart(all);
    for (int k = 0; k < components; ++k) {
        initial.value[k] = B::data(start) + std::size_t(k) * size;
        initial.gradient[k] = B::data(dstart) + std::size_t(k) * size;
    }

    const auto model = random_model<Layer, B>();
    rondo::Model<Layer, B> gradient;
    rondo::Workspace<Layer, B> work;
    const auto [y, final] = work.record(model, nullptr, {rondo::Seed{1}, 2, true}, [&](auto& run) {
        return Layer::forward(run, rondo::SequenceView<S, in>{B::data(x), B::data(dx), extent}, initial);
    });
    work.backend().copy(y.gradient, B::data(dy), y.size());
    for (int k = 0; k < components; ++k)
        work.backend().copy(final.gradient[k], B::data(dfinal) + std::size_t(k) * size, size);
    work.backward(&gradient);

    struct Result {
        std::vector<S> output, final, input_gradient, initial_gradient, gradient;
    } result{on_host<B>(y.value, y.size()),
             {},
             on_host<B>(B::data(dx), host.size()),
             on_host<B>(B::data(dstart), all),
             gradient.values()};
    for (int k = 0; k < components; ++k)
        for (const S value : on_host<B>(final.value[k], size)) result.final.push_back(value);
    return result;
}

template <class B>
class Networks : public testing::Test {
protected:
    template <class Layer>
    static void expect_same_recurrence() {
        using S = typename B::scalar;
        const int lengths[]{4, 6, 0, 1};
        for (const int* which : {static_cast<const int*>(nullptr), lengths}) {
            const auto got = run_recurrent<Layer, B>(which);
            const auto expected = run_recurrent<Layer, Reference>(which);
            expect_near<S>(got.output, expected.output);
            expect_near<S>(got.final, expected.final);
            expect_near<S>(got.input_gradient, expected.input_gradient);
            expect_near<S>(got.initial_gradient, expected.initial_gradient);
            expect_near<S>(got.gradient, expected.gradient);
        }
    }
};
TYPED_TEST_SUITE_P(Networks);

TYPED_TEST_P(Networks, RNN) { this->template expect_same_recurrence<rondo::RNN<3, 17>>(); }
TYPED_TEST_P(Networks, GRU) {
    this->template expect_same_recurrence<rondo::GRU<5, 5, rondo::Stack{.bidirectional = true}>>();
}
TYPED_TEST_P(Networks, GRUResetBefore) { this->template expect_same_recurrence<rondo::GRUResetBefore<3, 17>>(); }
TYPED_TEST_P(Networks, LSTM) { this->template expect_same_recurrence<rondo::LSTM<5, 5>>(); }

/// The gradient of one step of training, and its loss at the end.
template <class Net, class B, class Body>
auto train(const Body& body) {
    rondo::Model<Net, B> gradient;
    rondo::Workspace<Net, B> work;
    const double loss = work.train(random_model<Net, B>(), &gradient, nullptr, {rondo::Seed{5}, 3, true}, body);
    auto all = gradient.values();
    all.push_back(typename B::scalar(loss));
    return all;
}

using Classifier =
    rondo::Sequential<rondo::Named<"embedding", rondo::Embedding<7, 5>>,
                      rondo::Named<"lstm", rondo::LSTM<5, 5, rondo::Stack{.layers = 2, .dropout = rondo::Rate{25}}>>,
                      rondo::Dropout<5, rondo::Rate{30}>, rondo::Named<"fc", rondo::Linear<5, 7>>>;

/// Its loss on 5 sequences of up to 7 tokens.
template <class B>
class ClassifierLoss {
public:
    ClassifierLoss() {
        std::vector<int> tokens, classes;
        for (int k = 0; k < 35; ++k) tokens.push_back(k * 5 % 7), classes.push_back(k % 6 == 5 ? -100 : k * 3 % 7);
        x_ = on_device<B>(tokens);
        target_ = on_device<B>(classes);
        terms_ = rondo::CrossEntropy{}.terms({classes.data(), nullptr, extent_}); // on the host
    }
    ClassifierLoss(const ClassifierLoss&) = delete;
    auto operator()(auto& run) const {
        const auto y = Classifier::forward(run, rondo::Tokens{B::data(x_), nullptr, extent_});
        return rondo::CrossEntropy{}(run, y, rondo::Tokens{B::data(target_), nullptr, extent_}, terms_);
    }

private:
    typename B::template buffer<int> x_, target_;
    double terms_;
    int lengths_[5]{4, 7, 1, 0, 3};
    rondo::Extent extent_{7, 5, lengths_};
};

TYPED_TEST_P(Networks, ClassifierOfTokens) {
    const auto got = train<Classifier, TypeParam>(ClassifierLoss<TypeParam>{});
    expect_near<typename TypeParam::scalar>(got, train<Classifier, Reference>(ClassifierLoss<Reference>{}));

    rondo::Workspace<Classifier, TypeParam> work;
    const double loss = work.evaluate(random_model<Classifier, TypeParam>(), nullptr, ClassifierLoss<TypeParam>{});
    EXPECT_GT(std::abs(loss - double(got.back())), 1e-3); // dropout was on, and is off in an evaluation
}

// A loop, and each layer, operation and loss that the others leave out.
struct Loop : rondo::Network<rondo::Named<"in", rondo::Linear<3, 5>>, rondo::Named<"cell", rondo::GRU<5, 5>>,
                             rondo::Named<"both", rondo::Residual<rondo::Linear<10, 10>>>,
                             rondo::Named<"relu", rondo::ReLU<10>>, rondo::Named<"sigmoid", rondo::Sigmoid<10>>,
                             rondo::Named<"softmax", rondo::Softmax<10>>, rondo::Named<"tanh", rondo::Tanh<10>>,
                             rondo::Named<"last", rondo::LastStep<10>>, rondo::Named<"ends", rondo::FinalStates<5>>> {
    static auto forward(auto& run, const auto& x) {
        using rondo::layer;
        const auto a = run(layer<"in">, x);
        auto state = run(layer<"cell">, rondo::step_of(a, 0), rondo::from_zero).final;
        const auto h = rondo::each_step(run, a, [&](const auto& now, int) {
            const auto [y, next] = run(layer<"cell">, now, state);
            state = next;
            return y;
        });
        const auto both = run(layer<"both">, rondo::concatenate(run, a, h));
        const auto some = rondo::add(run, run(layer<"relu">, both), run(layer<"sigmoid">, both));
        const auto every = rondo::add(run, run(layer<"softmax">, some), run(layer<"tanh">, some));
        return rondo::add(run, run(layer<"last">, every), run(layer<"ends">, every));
    }
};

template <class B>
auto train_loop() {
    using S = typename B::scalar;
    const int lengths[]{4, 2, 0};
    auto positive = numbers<S>(30, 2);
    for (S& value : positive) value = (value + 1) / 2;
    const auto x = on_device<B>(numbers<S>(36, 1)), target = on_device<B>(positive);
    return train<Loop, B>([&](auto& run) {
        const auto y = Loop::forward(run, rondo::SequenceView<const S, 3>{B::data(x), nullptr, {4, 3, lengths}});
        const rondo::SequenceView<const S, 10> wanted{B::data(target), nullptr, {1, 3}};
        return rondo::MeanSquaredError{}(run, y, wanted, 30) + rondo::BinaryCrossEntropy{}(run, y, wanted, 10);
    });
}

TYPED_TEST_P(Networks, LoopOfManyLayers) {
    expect_near<typename TypeParam::scalar>(train_loop<TypeParam>(), train_loop<Reference>());
}

TYPED_TEST_P(Networks, DropoutMasksDependOnlyOnWhatTheyAreFor) {
    using S = typename TypeParam::scalar;
    using Net = rondo::Dropout<9, rondo::Rate{30}>;
    const rondo::Extent extent{3, 2, nullptr, 10, 20};
    const auto x = numbers<S>(9 * 6, 1);
    auto on = on_device<TypeParam>(x);
    rondo::Workspace<Net, TypeParam> work;
    const auto y = work.record({}, nullptr, {rondo::Seed{4}, 5, true}, [&](auto& run) {
        return Net::forward(run, rondo::SequenceView<S, 9>{TypeParam::data(on), nullptr, extent});
    });
    const rondo::RandomStream draw{rondo::Seed{4}, rondo::Purpose::dropout, 5};
    std::vector<S> expected;
    for (std::uint32_t n = 0; n < 6; ++n)
        for (std::uint32_t k = 0; k < 9; ++k)
            expected.push_back(
                double(rondo::uniform(draw(k, 20 + n % 2, 10 + n / 2))) < 0.3 ? S(0) : x[n * 9 + k] * S(1 / 0.7));
    const auto got = on_host<TypeParam>(y.value, y.size());
    for (std::size_t k = 0; k < got.size(); ++k) EXPECT_EQ(got[k] == 0, expected[k] == 0) << k;
    expect_near<S>(got, expected);
}

TYPED_TEST_P(Networks, StateIsCarriedCopiedAndReset) {
    using S = typename TypeParam::scalar;
    using Net = rondo::LSTM<5, 5, rondo::Stack{.layers = 2}>;
    const auto model = rondo::Model<Net, TypeParam>{rondo::Seed{7}};
    EXPECT_TRUE(model == (rondo::Model<Net, TypeParam>{rondo::Seed{7}}));
    EXPECT_FALSE(model == (rondo::Model<Net, TypeParam>{rondo::Seed{8}}));

    const auto x = on_device<TypeParam>(numbers<S>(5 * 2 * 4, 1));
    const rondo::SequenceView<const S, 5> sequence{TypeParam::data(x), nullptr, {4, 2}};
    rondo::Workspace<Net, TypeParam> work;
    rondo::BatchState<Net, TypeParam> state(2);
    const auto forward = [&] {
        const auto y = work.forward(model, state, sequence);
        return on_host<TypeParam>(y.value, y.size());
    };
    const auto first = forward(), second = forward();
    EXPECT_NE(first, second);
    auto kept = state;
    EXPECT_TRUE(kept == state);
    const auto third = forward();
    EXPECT_FALSE(kept == state);
    state = kept;
    EXPECT_EQ(forward(), third);
    state.reset();
    EXPECT_TRUE(state == (rondo::BatchState<Net, TypeParam>(2)));
    EXPECT_EQ(forward(), first);

    state.reset();
    std::vector<S> steps;
    for (int t = 0; t < 4; ++t) {
        const auto y = work.step(model, state, rondo::step_of(sequence, t));
        for (const S value : on_host<TypeParam>(y.value, y.size())) steps.push_back(value);
    }
    expect_near<S>(steps, first);
}

REGISTER_TYPED_TEST_SUITE_P(Networks, RNN, GRU, GRUResetBefore, LSTM, ClassifierOfTokens, LoopOfManyLayers,
                            DropoutMasksDependOnlyOnWhatTheyAreFor, StateIsCarriedCopiedAndReset);

/// The worst difference between the classifier's gradient and central differences, dropout on.
template <class B>
double gradient_error() {
    return rondo::gradient_check(random_model<Classifier, B>(), ClassifierLoss<B>{}, {rondo::Seed{5}, 3, true}).error;
}
