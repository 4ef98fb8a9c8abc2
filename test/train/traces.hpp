// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/layer/activation.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/schedule.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/trainer.hpp>

#include <support/backend.hpp>
#include <support/golden.hpp>
#include <support/report.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Twenty training steps from PyTorch's initial parameters, on the same batches, give PyTorch's losses and parameters:
// the models and settings of test/golden/README.md. One worker, or several.
namespace trace {

using namespace rondo;

using Char = Sequential<Named<"embedding", Embedding<28, 20>>, Named<"lstm", LSTM<20, 20, Stack{.layers = 2}>>,
                        Named<"fc", Linear<20, 28>>>;
using Forecast = Sequential<Named<"gru", GRU<1, 20>>, LastStep<20>, Named<"fc", Linear<20, 1>>>;
using ResetBefore = Sequential<Named<"gru", GRUResetBefore<1, 20>>, LastStep<20>, Named<"fc", Linear<20, 1>>>;
using Sentiment = Sequential<Named<"embedding", Embedding<11, 5, 0>>,
                             Named<"lstm", LSTM<5, 5, Stack{.layers = 2, .bidirectional = true}>>, FinalStates<5>,
                             Named<"fc1", Linear<10, 5>>, ReLU<5>, Named<"fc2", Linear<5, 1>>>;
using RNNs = Sequential<Named<"rnn", ReluRNN<3, 5>>, Named<"fc", Linear<5, 2>>>;

/// The largest allowed difference of losses and parameters from PyTorch's: |got - expected| / max(1, |expected|).
template <class S>
inline constexpr double tolerance = sizeof(S) == 4 ? 1e-4 : 1e-9;

inline void expect_close(double got, double expected, double allowed, const std::string& what) {
    const double apart = std::abs(got - expected) / std::max(1.0, std::abs(expected));
    report(apart);
    EXPECT_TRUE(apart <= allowed) << what << ": got " << got << ", expected " << expected << ", apart " << apart;
}

template <class Net, class S>
std::vector<S> parameters(const Golden& golden, const std::string& when) {
    EXPECT_EQ(golden.names(when + "/").size(), Net::tensors.size());
    std::vector<S> all(buffer_size<Net>);
    for (const ParameterSpec& t : Net::tensors) {
        const auto from = golden.get<S>(when + "/" + std::string{t.name.view()});
        EXPECT_EQ(from.size(), t.size()) << t.name.view();
        std::copy(from.begin(), from.end(), all.begin() + std::ptrdiff_t(t.offset));
    }
    return all;
}

/// Batch k of a trace, a view of the numbers of `all`.
template <class T, int Rows>
SequenceView<const T, Rows> sequence(const Golden& golden, const std::vector<T>& all, const char* name, bool one_step,
                                     int k) {
    const int steps = one_step ? 1 : golden.extent(name, 1), batch = golden.extent(name, one_step ? 1 : 2);
    const std::size_t size = std::size_t(steps * batch) * Rows;
    EXPECT_EQ(all.size(), 20 * size);
    return {all.data() + std::size_t(k) * size, nullptr, {steps, batch}};
}

template <class Net, class S, class Loss, class Rule>
void expect_trace(const char* name, Loss loss, Rule rule, TrainerSettings settings, bool one_step) {
    using X = std::conditional_t<(Net::vocabulary > 0), int, S>;
    constexpr bool classes = std::is_same_v<Loss, CrossEntropy>;
    using Y = std::conditional_t<classes, int, S>;
    constexpr int In = Net::input_size, Out = classes ? 1 : Net::output_size;
    using B = TestBackend<S>;

    const Golden golden{"traces", name};
    const auto x = golden.get<X>("x");
    const auto y = golden.get<Y>("target");
    const auto lengths = golden.has("lengths") ? golden.get<int>("lengths") : std::vector<int>{};
    const auto losses = golden["losses"].values, rates = golden["learning_rates"].values;
    const auto last = parameters<Net, double>(golden, "final");

    for (const int threads : {1, 2, 3}) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        settings.threads = threads;
        Model<Net, B> model;
        model.assign(parameters<Net, S>(golden, "initial"));
        Trainer<Net, Loss, Rule, B> trainer{model, loss, rule, settings};
        for (int k = 0; k < 20; ++k) {
            auto input = sequence<X, In>(golden, x, "x", false, k);
            if (!lengths.empty()) input.extent.lengths = lengths.data() + k * input.extent.batch;
            const Batch<SequenceView<const Y, Out>, SequenceView<const X, In>> batch{
                {input}, sequence<Y, Out>(golden, y, "target", one_step, k)};
            EXPECT_NEAR(rule.rate * settings.schedule(k), rates[std::size_t(k)], 1e-15);
            expect_close(trainer.step(batch).mean(), losses[std::size_t(k)], tolerance<S>,
                         "loss of step " + std::to_string(k));
        }
        EXPECT_EQ(trainer.steps(), 20);
        const auto expect_parameters = [&](const std::vector<S>& got, const std::vector<double>& expected) {
            for (const ParameterSpec& t : Net::tensors)
                for (std::size_t n = 0; n < t.size(); ++n)
                    expect_close(double(got[t.offset + n]), expected[t.offset + n], tolerance<S>,
                                 std::string{t.name.view()} + "[" + std::to_string(n) + "]");
        };
        expect_parameters(model.values(), last);
        if (settings.average)
            expect_parameters(trainer.averaged().values(), parameters<Net, double>(golden, "averaged"));
    }
}

template <class S>
struct Traces : testing::Test {};
TYPED_TEST_SUITE_P(Traces);

TYPED_TEST_P(Traces, char_clipped) {
    expect_trace<Char, TypeParam>("char", CrossEntropy{}, Adam{.rate = 1e-2}, {.clip_norm = 0.5}, false);
}
TYPED_TEST_P(Traces, char_schedule) {
    expect_trace<Char, TypeParam>("char_schedule", CrossEntropy{}, Adam{.rate = 1e-2},
                                  {.schedule = CosineDecay{.steps = 20}}, false);
}
TYPED_TEST_P(Traces, forecast) {
    expect_trace<Forecast, TypeParam>("forecast", MeanSquaredError{},
                                      SGD{.rate = 0.05, .momentum = 0.9, .nesterov = true}, {}, true);
}
TYPED_TEST_P(Traces, forecast_rmsprop) {
    expect_trace<Forecast, TypeParam>("forecast_rmsprop", MeanSquaredError{}, RMSprop{.rate = 1e-3}, {}, true);
}
TYPED_TEST_P(Traces, forecast_rmsprop_momentum) {
    expect_trace<Forecast, TypeParam>("forecast_rmsprop_momentum", MeanSquaredError{},
                                      RMSprop{.rate = 1e-3, .momentum = 0.9, .centered = true}, {}, true);
}
TYPED_TEST_P(Traces, sentiment) {
    expect_trace<Sentiment, TypeParam>("sentiment", BinaryCrossEntropy{}, AdamW{.rate = 1e-2, .weight_decay = 0.01}, {},
                                       true);
}
TYPED_TEST_P(Traces, relu_rnn) {
    expect_trace<RNNs, TypeParam>("relu_rnn", MeanSquaredError{},
                                  SGD{.rate = 0.05, .momentum = 0.9, .weight_decay = 1e-3}, {.clip_value = 0.02},
                                  false);
}
TYPED_TEST_P(Traces, reset_before) {
    expect_trace<ResetBefore, TypeParam>("reset_before", MeanSquaredError{}, Adam{.rate = 1e-2, .weight_decay = 1e-2},
                                         {}, true);
}
TYPED_TEST_P(Traces, sentiment_groups) {
    expect_trace<Sentiment, TypeParam>("sentiment_groups", BinaryCrossEntropy{},
                                       AdamW{.rate = 1e-2, .weight_decay = 0.5},
                                       {.clip_norm = 0.2,
                                        .groups = {{.names = "embedding", .frozen = true},
                                                   {.names = "*bias*", .weight_decay = 0},
                                                   {.names = "fc*", .rate = 3}}},
                                       true);
}
TYPED_TEST_P(Traces, relu_rnn_groups) {
    expect_trace<RNNs, TypeParam>(
        "relu_rnn_groups", MeanSquaredError{}, SGD{.rate = 0.05, .momentum = 0.9, .weight_decay = 1e-3},
        {.groups = {{.names = "rnn.weight_hh_l0", .frozen = true}, {.names = "fc", .rate = 0.5, .weight_decay = 0.1}}},
        false);
}
TYPED_TEST_P(Traces, forecast_average) {
    expect_trace<Forecast, TypeParam>("forecast_average", MeanSquaredError{},
                                      SGD{.rate = 0.05, .momentum = 0.9, .nesterov = true},
                                      {.average = MovingAverage{.decay = 0.8}}, true);
}
REGISTER_TYPED_TEST_SUITE_P(Traces, char_clipped, char_schedule, forecast, forecast_rmsprop, forecast_rmsprop_momentum,
                            sentiment, relu_rnn, reset_before, sentiment_groups, relu_rnn_groups, forecast_average);

} // namespace trace
