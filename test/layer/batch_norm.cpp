// SPDX-License-Identifier: MIT
// Batch normalization computes what PyTorch's does, over the valid steps: in training, by running statistics, and as a
// part of the packed weights before it.
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/train/averages.hpp>
#include <rondo/train/gradient_check.hpp>

#include <support/backend.hpp>
#include <support/device.hpp>
#include <support/failure.hpp>
#include <support/golden.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace batch_norm_test {

using namespace rondo;

/// The numbers of valid steps.
template <class S>
std::vector<S> valid(const std::vector<S>& all, const Extent& e) {
    std::vector<S> some;
    const std::size_t rows = all.size() / e.columns();
    for_each_valid_range(e, [&](std::size_t first, std::size_t count) {
        some.insert(some.end(), all.begin() + std::ptrdiff_t(first * rows),
                    all.begin() + std::ptrdiff_t((first + count) * rows));
    });
    return some;
}

template <class Layer, class B>
void expect_steps(const std::string& name) {
    using S = typename B::scalar;
    const Golden given{"batch_norm", name};
    const auto lengths = given.get<int>("lengths");
    const Extent extent{4, 3, lengths.data()};
    Model<Layer, B> model, fresh{Seed{1}};
    model.assign(given.parameters<S>(Layer::tensors));
    const auto initial = fresh.values(), of_pytorch = model.values();
    for (const ParameterSpec& t : Layer::tensors) {
        if (t.trained()) continue;
        EXPECT_EQ(initial.at(t.offset), of_pytorch.at(t.offset)) << t.name.view();
    }
    Workspace<Layer, B> work;
    for (const std::string step : {"first", "second", "third", "fixed"}) {
        const Golden golden{"batch_norm", name + '/' + step};
        DeviceSequence<B, S, Layer::input_size> x{given.get<S>("x"), extent};
        Model<Layer, B> gradient;
        const auto y = work.record(model, nullptr, {Seed{1}, 0, step != "fixed"},
                                   [&](auto& run) { return Layer::forward(run, x.view()); });
        golden.expect("y", valid(values_of<B>(y), extent));
        copy_to_device(work.backend(), y.gradient, given.get<S>("dy"));
        work.backward(&gradient);
        golden.expect("dx", valid(x.gradients(), extent));
        const auto found = gradient.values();
        for (const ParameterSpec& t : Layer::tensors)
            if (t.trained()) golden.expect("grad/" + std::string{t.name.view()}, found.data() + t.offset);
        update_averages(work, model, gradient);
        const auto now = model.values();
        for (const ParameterSpec& t : Layer::tensors)
            golden.expect("parameters/" + std::string{t.name.view()}, now.data() + t.offset);
        if (step == "fixed") golden.expect("y", valid(values_of<B>(work.forward(model, x.input())), extent));
    }
}

template <class B>
struct BatchNormalized : testing::Test {};
using Backends = testing::Types<TestBackend<float>, TestBackend<double>>;
TYPED_TEST_SUITE(BatchNormalized, Backends);

TYPED_TEST(BatchNormalized, StepsEqualPyTorchs) {
    expect_steps<BatchNorm1d<5>, TypeParam>("plain");
    expect_steps<BatchNorm1d<33, BatchNormOptions{.eps = {1, 100}, .momentum = equal_momentum}>, TypeParam>(
        "equal_weights");
    expect_steps<BatchNorm1d<1, BatchNormOptions{.momentum = {1, 4}, .affine = false}>, TypeParam>("without_weight");
    expect_steps<BatchNorm1d<5, BatchNormOptions{.track_running_stats = false}>, TypeParam>("without_statistics");
    expect_steps<BatchNorm1d<5, BatchNormOptions{.momentum = {0}}>, TypeParam>("kept");
}

TYPED_TEST(BatchNormalized, AMeanThatIsLargeLosesNoVariance) {
    using S = typename TypeParam::scalar;
    using Net = BatchNorm1d<3>;
    std::vector<S> x(3 * 500 * 4);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = S(4096) + S(k / 3 % 2);
    const DeviceSequence<TypeParam, S, 3> input{x, {500, 4}};
    const Model<Net, TypeParam> model{Seed{1}};
    Workspace<Net, TypeParam> work;
    const auto y =
        work.record(model, nullptr, {Seed{1}, 0, true}, [&](auto& run) { return Net::forward(run, input.input()); });
    for (const S value : values_of<TypeParam>(y)) EXPECT_NEAR(std::abs(double(value)), 1 / std::sqrt(1 + 4e-5), 1e-5);
}

TYPED_TEST(BatchNormalized, FixedStatisticsAreThoseOfTrainingToo) {
    using S = typename TypeParam::scalar;
    using Net = BatchNorm1d<2, BatchNormOptions{.fixed = true}>;
    Model<Net, TypeParam> model{Seed{1}}, gradient;
    const auto before = model;
    Workspace<Net, TypeParam> work;
    DeviceSequence<TypeParam, S, 2> x{{S(1), S(2)}, {1, 1}};
    const auto y =
        work.record(model, nullptr, {Seed{1}, 0, true}, [&](auto& run) { return Net::forward(run, x.view()); });
    EXPECT_NEAR(double(values_of<TypeParam>(y)[1]), 2 / std::sqrt(1 + 1e-5), 1e-6);
    work.backward(&gradient);
    update_averages(work, model, gradient);
    EXPECT_EQ(model, before);
}

TEST(BatchNormalization, RefusesToTrainWithOneStep) {
    using Net = BatchNorm1d<2>;
    using B = TestBackend<double>;
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    const int lengths[]{1, 0};
    const DeviceSequence<B, double, 2> x{{1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, lengths}};
    const auto body = [&](auto& run) { return Net::forward(run, x.input()); };
    EXPECT_EQ(failure_of([&] { work.record(model, nullptr, {Seed{1}, 0, true}, body); }).message,
              "rondo::BatchNorm1d: statistics of a batch need two steps or more, got 1");
    EXPECT_NO_THROW(work.record(model, nullptr, {}, body));
    EXPECT_NO_THROW(work.forward(model, x.input()));
}

} // namespace batch_norm_test
