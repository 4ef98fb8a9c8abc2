// SPDX-License-Identifier: MIT
// Law: padding changes no bit of a network's loss and gradients, whatever layers it is made of.

#include "batch.hpp"
#include "generate.hpp"
#include "padding.hpp"

#include <support/backend.hpp>

#include <rondo/layer/activation.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/dropout.hpp>
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

#include <iterator>

namespace {

using namespace law;
using namespace rondo;

constexpr Stack both{.bidirectional = true};

template <class Net, class S, class Loss>
void padding_changes_nothing(const char* law) {
    constexpr int in = Net::input_size, out = Net::output_size;
    using B = TestBackend<S>;
    holds(law, [] {
        const Size size;
        const auto lengths = size.lengths();
        const auto x = law::Batch<S, in>::random(size.seed, size.steps, size.batch, lengths);
        auto targets = law::Batch<S, out>::random(size.seed + 1, size.steps, size.batch, lengths);
        for (S& value : targets.value) value = value * S(0.5) + S(0.5); // a probability, for BinaryCrossEntropy
        const Filler<S> filler;
        const int extra = any_padding();

        const Model<Net, B> model{Seed{size.seed}};
        const auto train = [&](const law::Batch<S, in>& a, const law::Batch<S, out>& wanted, law::Batch<S, out>& y,
                               law::Batch<S, in>& da) {
            auto given = a.template place<B>();
            const auto target = wanted.template place<B>();
            Workspace<Net, B> work;
            Model<Net, B> gradient;
            const double loss = work.train(model, &gradient, nullptr, {Seed{size.seed}, 1, true}, [&](auto& run) {
                const auto result = Net::forward(run, given.view());
                return Loss{}(run, result, target.input(), Loss{}.terms(target.input()));
            });
            y = law::Batch<S, out>::template of<B>(work.forward(model, given.input()));
            da = a.with(given.gradients());
            auto numbers = gradient.values();
            numbers.push_back(S(loss));
            return numbers;
        };
        law::Batch<S, out> y, z;
        law::Batch<S, in> dx, dz;
        const auto plain = train(x, targets, y, dx),
                   padded = train(x.padded(extra, filler), targets.padded(extra, filler), z, dz);
        RC_ASSERT(changed(plain, padded) == 0u);
        RC_ASSERT(changed(y, z) == 0u);
        RC_ASSERT(changed(dx, dz) == 0u);
        RC_ASSERT(not_zero_in_padding(dx) == 0u);
        RC_ASSERT(not_zero_in_padding(dz) == 0u);
    });
}

TEST(PaddingOfANetwork, ThatBeginsWithLinear) {
    padding_changes_nothing<Sequential<Linear<3, 4>, rondo::Tanh<4>, LSTM<4, 5, both>, Dropout<10, Rate{30}>,
                                       Residual<Linear<10, 10>>, Softmax<10>, Linear<10, 2>>,
                            float, MeanSquaredError>("Linear, Tanh, LSTM, Dropout, Residual, Softmax");
}
TEST(PaddingOfANetwork, ThatBeginsWithAnActivation) {
    padding_changes_nothing<Sequential<rondo::Sigmoid<3>, GRU<3, 4>, Linear<4, 1>>, double, BinaryCrossEntropy>(
        "Sigmoid");
    padding_changes_nothing<Sequential<rondo::ReLU<3>, ReluRNN<3, 4>>, float, MeanSquaredError>("ReLU");
}
TEST(PaddingOfANetwork, ThatBeginsWithSoftmax) {
    padding_changes_nothing<Sequential<Softmax<5>, GRUResetBefore<5, 3>>, double, MeanSquaredError>("Softmax");
}
TEST(PaddingOfANetwork, ThatBeginsWithDropout) {
    padding_changes_nothing<Sequential<Dropout<3, Rate{30}>, Residual<RNN<3, 3>>>, float, MeanSquaredError>(
        "Dropout, Residual");
}

// A network that reads tokens and keeps one step of each sequence.
template <class Net, class S>
void padding_is_not_selected(const char* law) {
    using B = TestBackend<S>;
    holds(law, [] {
        const Size size;
        const auto lengths = size.lengths();
        const auto x = law::Batch<int, 1>::random(size.seed, size.steps, size.batch, lengths);
        const int extra = any_padding(), filler = *rc::gen::element(0, -1, 1 << 30);
        const Model<Net, B> model{Seed{size.seed}};
        const auto train = [&](law::Batch<int, 1> a) {
            a.each_valid(
                [&](int t, int b, int) { a.at(t, b, 0) = (3 * t + 5 * b) % Net::template layer_at<0>::vocabulary; });
            Workspace<Net, B> work;
            Model<Net, B> gradient;
            const auto tokens = a.template place<B>();
            const DeviceSequence<B, int, 1> target{std::vector<int>(std::size_t(size.batch), 1), {1, size.batch}};
            work.train(model, &gradient, nullptr, {}, [&](auto& run) {
                return CrossEntropy{}(run, Net::forward(run, tokens.input()), target.input(), size.batch);
            });
            auto numbers = gradient.values();
            const auto y = work.forward(model, tokens.input());
            RC_ASSERT(y.extent.steps == 1);
            std::ranges::copy(values_of<B>(y), std::back_inserter(numbers));
            return numbers;
        };
        RC_ASSERT(changed(train(x), train(x.padded(extra, [&](int) { return filler; }))) == 0u);
    });
}

TEST(PaddingOfANetwork, OfTokens) {
    padding_is_not_selected<Sequential<Embedding<7, 4>, GRU<4, 6>, LastStep<6>, Linear<6, 3>>, float>("LastStep");
    padding_is_not_selected<Sequential<Embedding<7, 4>, RNN<4, 6, Stack{.reversed = true}>, FirstStep<6>>, double>(
        "FirstStep");
    padding_is_not_selected<Sequential<Embedding<7, 4, 0>, LSTM<4, 3, both>, FinalStates<3>, Linear<6, 2>>, double>(
        "FinalStates");
    padding_is_not_selected<Sequential<Embedding<7, 4>, RNN<4, 6>, AttentionPooling<6, AdditiveScore<6, 3>>>, double>(
        "AttentionPooling");
}

} // namespace
