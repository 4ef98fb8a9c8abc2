// SPDX-License-Identifier: MIT
// Running averages follow the batches of training, and neither the optimizer nor clipping changes them.
#include <rondo/train/averages.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>
#include <rondo/io/state_dict.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/checkpoint.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace averages_test {

using namespace rondo;
using B = EigenBackend<double>;

using Net = Sequential<Named<"fc", Linear<3, 5>>, Named<"bn", BatchNorm1d<5>>, Named<"tanh", Tanh<5>>,
                       Named<"out", Linear<5, 1>>>;
using NetModel = Model<Net, B>;
template <class Rule> using NetTrainer = Trainer<Net, MeanSquaredError, Rule, B>;

template <Text name>
std::vector<double> numbers_of(const NetModel& model) {
    constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
    const auto all = model.values();
    return {all.begin() + std::ptrdiff_t(t.offset), all.begin() + std::ptrdiff_t(t.offset + t.size())};
}
/// Averages and counts.
std::vector<double> averages_of(const NetModel& model) {
    const auto all = model.values();
    return {all.begin() + std::ptrdiff_t(trained_size<Net>), all.end()};
}
std::vector<double> trained_of(const NetModel& model) {
    const auto all = model.values();
    return {all.begin(), all.begin() + std::ptrdiff_t(trained_size<Net>)};
}

/// A model after steps of training; its inputs are far from zero.
template <class Rule>
NetModel after(int steps, Rule rule, TrainerSettings settings) {
    Tracks<double> data{4, 3};
    for (double& x : data.x) x += 1e4;
    NetModel model{Seed{1}};
    NetTrainer<Rule> trainer{model, {}, rule, settings};
    for (int k = 0; k < steps; ++k) trainer.step(data.batch());
    return model;
}

TEST(Averages, LieBehindWhatIsTrained) {
    static_assert(parameter_count<Net> == 3 * 5 + 5 + 5 + 5 + 5 + 1);
    static_assert(trained_size<Net> + 3 * padded(5) >= buffer_size<Net> && trained_size<Net> < buffer_size<Net>);
    using Two = Sequential<BatchNorm1d<3>, Sequential<BatchNorm1d<3>, Linear<3, 2>>, BatchNorm1d<2>>;
    for (const ParameterSpec& t : Two::tensors) EXPECT_EQ(t.trained(), t.offset < trained_size<Two>) << t.name.view();
    for (std::size_t k = 0; k < Two::tensors.size(); ++k) EXPECT_FALSE(is_tied(Two::tensors, k));
    using One = BatchNorm1d<2>;
    EXPECT_EQ(Model<One>{Seed{1}}, Model<One>{Seed{2}}) << "no number is drawn";
}

TEST(Averages, AreThoseOfTheWholeBatch) {
    const Tracks<double> data{4, 3};
    for (const TrainerSettings& settings :
         {TrainerSettings{}, {.threads = 2, .small_work = 0}, {.shards = 2, .accumulate = true}}) {
        NetModel model{Seed{1}};
        const NetModel before = model;
        testing::internal::CaptureStderr();
        NetTrainer<SGD> trainer{model, {}, SGD{}, settings};
        trainer.step(data.batch());
        EXPECT_EQ(testing::internal::GetCapturedStderr(),
                  settings.threads > 1 || settings.accumulate
                      ? "rondo::Trainer: statistics of whole batches (BatchNorm1d) are computed by one thread, all "
                        "shards at once\n"
                      : "");
        const auto w = numbers_of<"fc.weight">(before), b = numbers_of<"fc.bias">(before);
        for (std::size_t r = 0; r < 5; ++r) {
            double sum = 0, squares = 0;
            for (std::size_t n = 0; n < 12; ++n) {
                double z = b[r];
                for (std::size_t k = 0; k < 3; ++k) z += w[r * 3 + k] * data.x[n * 3 + k];
                sum += z;
                squares += z * z;
            }
            EXPECT_NEAR(numbers_of<"bn.running_mean">(model)[r], 0.1 * sum / 12, 1e-14);
            EXPECT_NEAR(numbers_of<"bn.running_var">(model)[r], 0.9 + 0.1 * (squares - sum * sum / 12) / 11, 1e-14);
        }
        EXPECT_EQ(numbers_of<"bn.num_batches_tracked">(model), std::vector<double>{1});
    }
}

TEST(Averages, AreNotAPartOfGradientsAndUpdates) {
    const auto plain = averages_of(after(1, SGD{.rate = 0.1}, {}));
    const auto expect_plain = [&](const NetModel& model) { EXPECT_EQ(law::differing(averages_of(model), plain), 0u); };
    expect_plain(after(1, SGD{.rate = 1, .momentum = 0.9, .weight_decay = 0.5}, {.clip_norm = 1e-3}));
    expect_plain(after(1, Adam{.rate = 1, .weight_decay = 0.5}, {.clip_value = 1e-3}));
    expect_plain(after(1, AdamW{.rate = 1, .weight_decay = 0.5}, {}));
    expect_plain(after(1, RMSprop{.rate = 1, .weight_decay = 0.5}, {.clip_norm = 1e-3}));
    // The sums of a batch, of 1e4 and more, are larger than the limits.
    const auto free = trained_of(after(1, SGD{.rate = 0.1}, {}));
    EXPECT_EQ(law::differing(trained_of(after(1, SGD{.rate = 0.1}, {.clip_norm = 5e3})), free), 0u);
}

TEST(Averages, HaveTheSameBitsForAnyThreads) {
    const NetModel expected = after(5, Adam{}, {});
    for (const int threads : {1, 2, 3})
        for (const bool accumulate : {false, true})
            EXPECT_EQ(after(5, Adam{}, {.threads = threads, .accumulate = accumulate, .small_work = 0}), expected)
                << threads;
}

TEST(Averages, StayWhereAStepIsNotFinite) {
    Tracks<double> data{4, 3};
    NetModel model{Seed{1}};
    NetTrainer<SGD> trainer{model, {}, SGD{}};
    trainer.step(data.batch());
    const NetModel before = model;
    data.x[5] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(failure_of([&] { trainer.step(data.batch()); }).kind, Error::Kind::not_finite);
    EXPECT_EQ(model, before);
    Tracks<double> one{1, 1};
    EXPECT_EQ(failure_of([&] { trainer.step(one.batch()); }).message,
              "rondo::BatchNorm1d: statistics of a batch need two steps or more, got 1");
    EXPECT_EQ(model, before);
}

// A step that fails may have advanced states: then all begin from zero.
TEST(Averages, ThatCannotBeComputedKeepNoStates) {
    using Carried = Sequential<RNN<3, 4>, BatchNorm1d<4>, Linear<4, 1>>;
    using CarriedTrainer = Trainer<Carried, MeanSquaredError, SGD, B>;
    const Tracks<double> good{4, 3};
    Tracks<double> bad = good;
    for (const int threads : {1, 2}) {
        const std::array<int, 3> lengths{1, 0, 0};
        bad.extent.lengths = lengths.data();
        const TrainerSettings settings{.threads = threads, .small_work = 0};
        Model<Carried, B> model{Seed{1}}, other = model;
        CarriedTrainer trainer{model, {}, {}, settings}, fresh{other, {}, {}, settings};
        for (const StatePolicy carry : {StatePolicy::start, StatePolicy::resume})
            trainer.step(good.batch(carry)), fresh.step(good.batch(carry));
        Error error;
        trainer.step(bad.batch(StatePolicy::resume), error);
        EXPECT_EQ(error.message, "rondo::BatchNorm1d: statistics of a batch need two steps or more, got 1");
        EXPECT_EQ(model, other) << "unchanged";
        EXPECT_EQ(trainer.step(good.batch(StatePolicy::resume)), fresh.step(good.batch(StatePolicy::start))) << threads;
        EXPECT_EQ(model, other) << threads;
    }
}

TEST(Averages, AreInCheckpoints) {
    const TemporaryFolder folder;
    const Tracks<double> data{4, 3};
    NetModel model{Seed{1}}, other{Seed{2}};
    NetTrainer<AdamW> trainer{model, {}, AdamW{}}, resumed{other, {}, AdamW{}};
    for (int k = 0; k < 3; ++k) trainer.step(data.batch());
    save_checkpoint(trainer, {}, folder / "a");
    Progress progress;
    load_checkpoint(resumed, progress, folder / "a");
    EXPECT_EQ(model, other);
    trainer.step(data.batch());
    resumed.step(data.batch());
    EXPECT_EQ(model, other);
}

TEST(Averages, MakeAFitThatEvaluates) {
    Samples<double, 3, double, 1> data{8, Samples<double, 3, double, 1>::Target::each_step};
    for (std::uint64_t k = 0; k < 32; ++k) {
        auto x = normal_numbers<double>(3 * 5, k), y = std::vector<double>(5);
        for (std::size_t t = 0; t < 5; ++t) {
            y[t] = 0.5 * x[3 * t] - 0.25 * x[3 * t + 2];
            for (std::size_t i = 0; i < 3; ++i) x[3 * t + i] = 1000 + 100 * x[3 * t + i];
        }
        data.add(x, y);
    }
    NetModel model{Seed{1}};
    const double before = evaluate(model, data, MeanSquaredError{}).mean();
    fit(model, data, MeanSquaredError{}, Adam{.rate = 1e-2}, {.epochs = 60});
    EXPECT_LT(evaluate(model, data, MeanSquaredError{}).mean(), 0.1 * before);
    EXPECT_EQ(numbers_of<"bn.num_batches_tracked">(model)[0], 240);
}

TEST(Averages, AreReadUnderPyTorchsNames) {
    const TemporaryFolder folder;
    using Layer = BatchNorm1d<2, BatchNormOptions{.affine = false}>;
    Model<Layer> model{Seed{1}}, other;
    auto values = model.values();
    values[Layer::tensors[0].offset] = -3;
    values[Layer::tensors[2].offset] = 1 << 24;
    model.assign(values);
    save(model, folder / "a");
    load(other, folder / "a");
    EXPECT_EQ(other, model);

    const std::array<float, 2> numbers{1, 2};
    const std::array<std::size_t, 1> two{2};
    const auto with = [&](io::DType type, auto count) {
        const std::array<decltype(count), 1> counts{count};
        const std::vector<io::TensorData> tensors{
            {"running_mean", io::DType::F32, two, std::as_bytes(std::span{numbers})},
            {"running_var", io::DType::F32, two, std::as_bytes(std::span{numbers})},
            {"num_batches_tracked", type, {}, std::as_bytes(std::span{counts})}};
        io::write_safetensors(folder / "b", tensors, io::Metadata{}, io::SafetensorsLimits{});
        return failure_of([&] { load(other, folder / "b"); }).message;
    };
    EXPECT_EQ(with(io::DType::I64, std::int64_t(7)), "");
    EXPECT_EQ(other.values()[Layer::tensors[2].offset], 7);
    const std::string tensor = (folder / "b").string() + ": tensor num_batches_tracked: ";
    EXPECT_EQ(with(io::DType::I64, std::int64_t(-1)), tensor + "expected a count from 0 to 2^53, got -1");
    EXPECT_EQ(with(io::DType::F32, 7.f), tensor + "expected I64 [], got F32 []");
    EXPECT_EQ(other.values()[Layer::tensors[2].offset], 7) << "unchanged";

    // Old files have no count; JSON has one as a number.
    const std::array<io::TensorData, 2> old{{{"running_mean", io::DType::F32, two, std::as_bytes(std::span{numbers})},
                                             {"running_var", io::DType::F32, two, std::as_bytes(std::span{numbers})}}};
    io::write_safetensors(folder / "b", old, io::Metadata{}, io::SafetensorsLimits{});
    load(other, folder / "b");
    EXPECT_EQ(other.values()[Layer::tensors[2].offset], 0);
    const auto of_json = [&](const std::string& count) {
        const std::string text = R"({"running_mean": [1, 2], "running_var": [3, 4])" + count + '}';
        return failure_of([&] { load(other, io::parse_state_dict(text)); }).message;
    };
    EXPECT_EQ(of_json(R"(, "num_batches_tracked": 7)"), "");
    EXPECT_EQ(other.values()[Layer::tensors[2].offset], 7);
    EXPECT_EQ(of_json(R"(, "num_batches_tracked": -7)"),
              "state_dict: tensor num_batches_tracked: expected a count from 0 to 2^53, got -7");
    EXPECT_EQ(of_json(""), "");
    EXPECT_EQ(other.values()[Layer::tensors[2].offset], 0);
}

TEST(Averages, OfWeightsOneAndBiasesZeroAreThoseWithoutThem) {
    const TemporaryFolder folder;
    Model<BatchNorm1d<2>> with{Seed{1}};
    Model<BatchNorm1d<2, BatchNormOptions{.affine = false}>> without;
    io::write_onnx(with, folder / "a");
    load(without, io::read_onnx(folder / "a"));
    EXPECT_EQ(without.values()[0], 0);
    EXPECT_EQ(without.values()[padded(2)], 1);
    with.tensor<"bias">()(1) = 0.5f;
    io::write_onnx(with, folder / "a");
    EXPECT_EQ(failure_of([&] { load(without, io::read_onnx(folder / "a")); }).message,
              (folder / "a").string() +
                  ": node \"BatchNorm1d.normalized\" (BatchNormalization): expected BatchNorm1d 2, "
                  "no weight, eps 1e-05 for the network, got BatchNorm1d 2, eps 1e-05");
}

} // namespace averages_test
