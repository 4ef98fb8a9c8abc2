// SPDX-License-Identifier: MIT
// Training with sequences of labels: any threads give the same bits, and metrics see whole sequences.
#include <rondo/loss/ctc.hpp>

#include <rondo/data/labelled_sequences.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/generate/ctc_beam_search.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/metric/symbol_error_rate.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace train_ctc_test {

using namespace rondo;
using Net = Sequential<GRU<3, 5>, Linear<5, 4>>;
using Data = LabelledSequences<float, 3>;

/// Sequences of labels 1 to 3, each of which is shown for some steps, between steps of silence.
Data spelled(int batch, int count) {
    Data data{batch};
    const RandomStream draw{Seed{5}, Purpose::user};
    std::uint64_t at = 0;
    for (int n = 0; n < count; ++n) {
        std::vector<float> x;
        std::vector<int> labels;
        const auto show = [&](int label) {
            for (auto steps = draw.wide(at++) % 3 + 1; steps > 0; --steps)
                for (int k = 1; k <= 3; ++k) x.push_back(float(k == label) + 0.1f * float(draw.normal(at++)));
        };
        show(0);
        for (auto left = draw.wide(at++) % 5; left > 0; --left) {
            labels.push_back(int(draw.wide(at++) % 3 + 1));
            show(labels.back());
            show(0);
        }
        data.add(x, labels);
    }
    return data;
}

TEST(TrainCTC, AnyThreadsGiveTheSameBits) {
    std::vector<float> expected;
    double expected_loss = 0;
    for (const bool accumulate : {false, true})
        for (const int threads : {1, 2, 4}) {
            Data data = spelled(9, 25);
            Model<Net> model{Seed{1}};
            Trainer trainer{
                model, CTC{}, Adam{.rate = 0.01}, {.threads = threads, .accumulate = accumulate, .small_work = 0}};
            Progress progress;
            const History history = fit(trainer, data, {.epochs = 3}, progress);
            if (expected.empty()) {
                expected = model.values();
                expected_loss = history.back().loss;
                EXPECT_NE(expected, Model<Net>{Seed{1}}.values());
            }
            EXPECT_EQ(model.values(), expected) << threads << ' ' << accumulate;
            EXPECT_EQ(history.back().loss, expected_loss);
        }
}

TEST(TrainCTC, LearnsToSpellAndMetricsSeeIt) {
    Data data = spelled(8, 64), held_out = spelled(5, 33);
    data.group_by_length(4);
    Model<Net> model{Seed{1}};
    FitOptions options{.epochs = 60};
    options.validate = [&] { return evaluate(model, held_out, CTC{}, metric::SymbolErrorRate{}); };
    const History history = fit(model, data, CTC{}, Adam{.rate = 0.03}, options);
    EXPECT_GT(history.front().metric("symbol_error_rate"), 0.5);
    EXPECT_LT(history.back().metric("symbol_error_rate"), 0.02);
    EXPECT_NEAR(history.back().validation, evaluate(model, held_out, CTC{}).mean(), 1e-6);

    Workspace<Net, EigenBackend<float>> work;
    double errors = 0, labels = 0;
    for (std::size_t k = 0; k < held_out.count(); ++k) {
        const auto batch = held_out.at(k);
        const auto y = work.forward(model, std::get<0>(batch.inputs));
        for (int b = 0; b < y.extent.batch; ++b) {
            std::vector<int> wanted;
            for (int u = 0; u < batch.target.extent.length(b); ++u)
                wanted.push_back(batch.target.value[u * y.extent.batch + b]);
            const auto found = ctc_beam_search({.width = 3}, sequence_scores(y, b));
            errors += double(metric::edit_distance(found[0].labels, wanted));
            labels += double(wanted.size());
        }
    }
    EXPECT_LE(errors / labels, 0.02);
}

TEST(TrainCTC, ASequenceOfWeightZeroIsIgnored) {
    Data all = spelled(4, 12), some{4};
    std::vector<float> weights;
    for (std::size_t n = 0; n < all.size(); ++n) weights.push_back(n % 3 == 1 ? 0.f : 1.f);
    WeightedSamples weighted{all, weights};
    metric::SymbolErrorRate counted, everything;
    const Model<Net> model{Seed{1}};
    const double mean = evaluate(model, weighted, CTC{}, counted).mean();
    evaluate(model, all, CTC{}, everything);
    EXPECT_LT(counted.labels, everything.labels);
    double sum = 0, count = 0;
    Data one_by_one = spelled(1, 12);
    for (std::size_t n = 0; n < 12; ++n) {
        Model<Net> copy = model;
        Trainer trainer{copy, CTC{}, Adam{}};
        const std::size_t index = one_by_one.indices(n)[0];
        if (weights[index] > 0) sum += trainer.evaluate(one_by_one.at(n)).mean(), ++count;
    }
    EXPECT_NEAR(mean, sum / count, 1e-5);
}

TEST(TrainCTC, NamesASequenceOfTheWholeBatch) {
    Data data{8};
    for (int n = 0; n < 8; ++n) data.add(std::vector<float>(9), std::vector<int>{1, 2});
    data.add(std::vector<float>(6), std::vector<int>{1, 1});
    Model<Net> model{Seed{1}};
    Trainer trainer{model, CTC{}, Adam{}, {.threads = 2, .small_work = 0}};
    trainer.step(data.at(0));
    expect_argument([&] { trainer.step(data.at(1)); },
                    "rondo::CTC: sequence 0: expected 3 steps or more for its 2 labels, 1 of them repeated, got 2; "
                    "zero_infinity leaves such sequences out");
    Data late{9};
    for (int n = 0; n < 8; ++n) late.add(std::vector<float>(9), std::vector<int>{1, 2});
    late.add(std::vector<float>(9), std::vector<int>{1, 4});
    expect_argument([&] { trainer.step(late.at(0)); },
                    "rondo::CTC: label 4 of sequence 0, position 1 is not a class from 0 to 3");
}

TEST(EditDistance, CountsWhatChanges) {
    using Labels = std::vector<int>;
    const auto distance = [](Labels a, Labels b) {
        EXPECT_EQ(metric::edit_distance(a, b), metric::edit_distance(b, a));
        return metric::edit_distance(a, b);
    };
    EXPECT_EQ(distance({}, {}), 0u);
    EXPECT_EQ(distance({1, 2, 3}, {1, 2, 3}), 0u);
    EXPECT_EQ(distance({}, {1, 2, 3}), 3u);
    EXPECT_EQ(distance({1, 2, 3}, {2, 3}), 1u);
    EXPECT_EQ(distance({1, 2, 3}, {1, 5, 3}), 1u);
    EXPECT_EQ(distance({11, 9, 20, 20, 5, 14}, {19, 9, 20, 20, 9, 14, 7}), 3u); // kitten, sitting
}

} // namespace train_ctc_test
