// SPDX-License-Identifier: MIT
#include <rondo/train/evaluation.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/ignore_targets.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/metric/accuracy.hpp>
#include <rondo/metric/classes.hpp>
#include <rondo/metric/coverage.hpp>
#include <rondo/metric/perplexity.hpp>
#include <rondo/metric/regression.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <support/failure.hpp>
#include <support/golden.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

namespace evaluation_test {

using namespace rondo;

/// Expects the values of metrics over the golden's columns.
template <class T, class... Metrics>
void expect_golden(const Golden& golden, const std::vector<std::string>& names, Metrics... metrics) {
    const auto x = golden.get<double>("x"), weight = golden.get<double>("weight");
    const auto target = golden.get<T>("target");
    const std::size_t columns = weight.size(), rows = x.size() / columns, size = target.size() / columns;
    for (std::size_t n = 0; n < columns; ++n)
        if (weight[n] > 0)
            (metrics.add(metric::Column<double, T>{std::span{x}.subspan(n * rows, rows),
                                                   std::span{target}.subspan(n * size, size), weight[n]}),
             ...);
    const double values[]{metrics.value()...};
    for (std::size_t k = 0; k < names.size(); ++k)
        EXPECT_NEAR(values[k], golden[names[k]].values[0], 1e-12) << names[k];
}

TEST(Metric, golden) {
    using namespace metric;
    const std::vector<std::string> averages{"precision_macro", "recall_macro", "f1_macro", "precision_micro",
                                            "recall_micro",    "f1_micro",     "accuracy"};
    constexpr Average micro = Average::micro;
    for (const char* name : {"classes", "classes_weighted"}) {
        const Golden golden{"metrics", name};
        expect_golden<int>(golden, averages, Precision{}, Recall{}, F1{}, Precision{micro}, Recall{micro}, F1{micro},
                           Accuracy{});
        expect_golden<int>(golden, {"top_3", "perplexity"}, TopK{3}, Perplexity{});
    }
    expect_golden<double>(Golden{"metrics", "labels"}, averages, Precision{}, Recall{}, F1{}, Precision{micro},
                          Recall{micro}, F1{micro}, Accuracy{});
    expect_golden<double>(Golden{"metrics", "numbers"}, {"mse", "mae", "r2"}, MSE{}, MAE{}, R2{});
}

TEST(Metric, WithoutATargetNoneIsNaN) {
    using namespace metric;
    const auto all = [](auto... metrics) {
        const std::vector<float> y{1, 2};
        const std::vector<int> ignored{-100};
        for (const bool seen : {false, true}) {
            if (seen) (metrics.add(Column<float, int>{y, ignored}), ...);
            EXPECT_TRUE((std::isfinite(metrics.value()) && ...));
        }
    };
    all(Accuracy{}, TopK{}, Precision{}, Recall{}, F1{}, Precision{Average::micro}, F1{Average::micro}, Perplexity{});
    const std::vector<float> y{1}, missing{std::numeric_limits<float>::quiet_NaN()};
    const auto numbers = [&](auto... metrics) {
        (metrics.add(Column<float, float>{y, missing}), ...);
        EXPECT_TRUE((std::isfinite(metrics.value()) && ...));
    };
    numbers(Accuracy{}, F1{}, MSE{}, MAE{}, R2{}, Coverage{});
}

TEST(Metric, R2OfTargetsThatAreAllEqual) {
    const auto value = [](double y) {
        metric::R2 r2;
        const double target = 0.1;
        for (int k = 0; k < 3; ++k) r2.add(metric::Column<double, double>{{&y, 1}, {&target, 1}});
        return r2.value();
    };
    EXPECT_EQ(value(0.1), 1);
    EXPECT_EQ(value(0.2), 0);
    metric::R2 weighted;
    const float target = 7.7f, y = 8;
    for (int k = 0; k < 3; ++k) weighted.add(metric::Column<float, float>{{&y, 1}, {&target, 1}, 1.1});
    EXPECT_EQ(weighted.value(), 0);
}

TEST(Metric, CoverageOfTwoQuantiles) {
    // Quantiles of 0.5, 0.1 and 0.9 of two numbers; targets inside, below, above, on a bound, missing.
    const std::vector<float> y{1, 10, 0, 8, 2, 12};
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    const auto coverage = [&](metric::Coverage m) {
        for (const auto& [first, second, weight] :
             {std::tuple{1.5f, 7.f, 1.}, std::tuple{-1.f, 12.f, 2.}, std::tuple{none, 13.f, 1.}}) {
            const float target[]{first, second};
            m.add(metric::Column<float, float>{y, target, weight});
        }
        return m.value();
    };
    EXPECT_DOUBLE_EQ(coverage({.lower = 1}), (1 + 2) / 7.);
    EXPECT_DOUBLE_EQ(coverage({.lower = 1, .upper = 0}), 0);
    EXPECT_DOUBLE_EQ(coverage({}), (1 + 2) / 7.); // from the median: 1.5 and 12
    EXPECT_EQ(metric::Coverage{}.value(), 0);
    static_assert(!metric::larger_is_better<metric::Coverage>(), "it is to be near the difference of two levels");
    expect_failure([&] { coverage({.lower = 3}); }, Error::Kind::argument,
                   "rondo::metric::Coverage: expected indices of 3 quantiles, got 3");
    expect_failure([&] { coverage({.lower = 0, .upper = -2}); }, Error::Kind::argument,
                   "rondo::metric::Coverage: expected indices of 3 quantiles, got -2");
}

TEST(Metric, AnOutputThatIsNaNIsWrong) {
    const float nothing = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> y{nothing, 1};
    const int zero = 0;
    metric::Accuracy classes, numbers;
    classes.add(metric::Column<float, int>{y, {&zero, 1}});
    const float target = 0;
    numbers.add(metric::Column<float, float>{{&nothing, 1}, {&target, 1}});
    EXPECT_EQ(classes.value() + numbers.value(), 0);
    EXPECT_EQ(classes.mean.weight + numbers.mean.weight, 2);
}

using Net = Sequential<Named<"in", Embedding<7, 5>>, Named<"lstm", LSTM<5, 8>>, Dropout<8, Rate{30}>,
                       Named<"out", Linear<8, 7>>>;

TEST(Evaluation, TheLossOfATrainerAndMetricsInOnePass) {
    const auto text = letters(40);
    Model<Net> model{Seed{1}};
    const auto compare = [&](auto data) {
        Trainer trainer{model, CrossEntropy{}, Adam{}};
        metric::ConfusionMatrix confusion;
        const LossSum loss = evaluate(trainer, data);
        for (int again = 0; again < 2; ++again) { // metrics begin anew
            const Evaluation e =
                evaluate(trainer, data, metric::Accuracy{}, metric::Perplexity{}, confusion, metric::TopK{7});
            EXPECT_EQ(e.loss.terms, loss.terms);
            EXPECT_NEAR(e.mean(), loss.mean(), 1e-6);
            EXPECT_NEAR(e.metric("perplexity"), std::exp(e.mean()), 1e-4);
            EXPECT_EQ(e.metric("top_7"), 1);
            double all = 0, right = 0;
            for (std::size_t k = 0; k < 49; ++k) all += confusion.of[k], right += k % 8 == 0 ? confusion.of[k] : 0;
            EXPECT_EQ(all, e.loss.terms);
            EXPECT_DOUBLE_EQ(e.metric("accuracy"), right / all);
            EXPECT_EQ(e.metrics.size(), 3u);
            expect_argument([&] { e.metric("f1"); }, "rondo: expected a metric of accuracy, perplexity, top_7, got f1");
        }
    };
    compare(TokenWindows{text, 6, 5});
    compare(TokenStreams{text, 5, 3}); // states go on
    Samples<int, 1, int, 1> data{3, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 5u, 4u}) data.add(letters(length), letters(length, 2));
    compare(data);
    compare(WeightedSamples{data, std::vector<float>{1, 0, 2, 1}});
}

/// Four sequences of one step, each a letter with a target.
template <class T>
Samples<int, 1, T, 1> four(int batch, const std::vector<T>& targets) {
    Samples<int, 1, T, 1> data{batch, Samples<int, 1, T, 1>::Target::each_sequence};
    for (std::size_t k = 0; k < 4; ++k) data.add(std::vector<int>{int(k)}, std::vector<T>{targets[k]});
    return data;
}

TEST(Evaluation, MetricsLeaveOutWhatTheLossIgnores) {
    const Model<Net> model{Seed{1}};
    for (const int ignored : {-1, 99, 3}) {
        auto some = four<int>(4, {0, ignored, 1, ignored});
        metric::ConfusionMatrix confusion;
        const CrossEntropy loss{.ignore = ignored};
        const Evaluation e = evaluate(model, some, loss, metric::Accuracy{}, metric::F1{}, metric::Recall{},
                                      metric::TopK{7}, metric::Perplexity{}, confusion);
        EXPECT_NEAR(e.metric("perplexity"), std::exp(e.mean()), 1e-5);
        EXPECT_EQ(e.metric("top_7"), 1);
        double all = 0;
        for (const double count : confusion.of) all += count;
        EXPECT_EQ(all, 2) << ignored;
    }
    using OfNumbers = Sequential<Embedding<7, 5>, Linear<5, 1>>;
    const Model<OfNumbers> numbers{Seed{1}};
    auto some = four<float>(4, {1, -1, 0, -1});
    const Evaluation e = evaluate(numbers, some, IgnoreTargets{MeanSquaredError{}, -1}, metric::MSE{}, metric::F1{});
    EXPECT_NEAR(e.metric("mse"), e.mean(), 1e-6);
    EXPECT_EQ(e.loss.terms, 2);
}

TEST(Evaluation, MetricsDoNotDependOnTheBatches) {
    const Model<Net> model{Seed{1}};
    std::vector<double> accuracy;
    for (const int batch : {1, 2, 4}) { // some of class 0 alone, whose weight is 0
        auto data = four<int>(batch, {0, 1, 0, 0});
        const CrossEntropy loss{.weights = {0, 1, 1, 1, 1, 1, 1}};
        metric::ConfusionMatrix confusion;
        accuracy.push_back(evaluate(model, data, loss, metric::Accuracy{}, confusion).metric("accuracy"));
        double all = 0;
        for (const double count : confusion.of) all += count;
        EXPECT_EQ(all, 4) << batch;
    }
    EXPECT_EQ(accuracy[0], accuracy[1]);
    EXPECT_EQ(accuracy[0], accuracy[2]);
}

/// A metric of one's own: the largest error.
struct Worst {
    double worst = 0;
    void clear() { worst = 0; }
    template <class S>
    void add(const metric::Column<S, S>& c) {
        for (std::size_t k = 0; k < c.target.size(); ++k)
            if (c.target[k] == c.target[k]) worst = std::max(worst, std::abs(double(c.y[k] - c.target[k])));
    }
    double value() const { return worst; }
    static std::string name() { return "worst"; }
};
static_assert(metric::Metric<Worst, float, float> && !metric::Metric<Worst, float, int>);
static_assert(metric::HasValue<Worst> && !metric::HasValue<metric::ConfusionMatrix>);

TEST(Evaluation, FitHasTheMetricsOfEachEpoch) {
    using Tracked = Samples<float, 3, float, 1>;
    Tracked data{4, Tracked::Target::each_step};
    for (std::size_t n = 0; n < 6; ++n) {
        auto y = normal_numbers<float>(n + 1, 10 + n);
        if (n == 2) y[1] = std::numeric_limits<float>::quiet_NaN();
        data.add(normal_numbers<float>(3 * (n + 1), n), y);
    }
    Model<Tracker> model{Seed{1}};
    const IgnoreTargets loss{MeanSquaredError{}};
    FitOptions options{.epochs = 3};
    options.validate = [&] { return evaluate(model, data, loss, metric::MSE{}, metric::R2{}, Worst{}); };
    std::vector<double> seen;
    options.on_epoch = [&](const EpochResult& e) {
        EXPECT_NEAR(e.metric("mse"), e.validation, 1e-6);
        EXPECT_GT(e.metric("worst"), std::sqrt(e.validation));
        seen.push_back(e.metric("r2"));
        return true;
    };
    const History history = fit(model, data, loss, Adam{.rate = 1e-2}, options);
    ASSERT_EQ(seen.size(), 3u);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(history[k].metric("r2"), seen[k]);
    EXPECT_GT(seen[2], seen[0]);
    EXPECT_EQ(fit(model, data, loss, Adam{}, {.epochs = 1, .validate = [] { return 0.5; }})[0].validation, 0.5);
}

} // namespace evaluation_test
