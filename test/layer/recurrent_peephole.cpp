// SPDX-License-Identifier: MIT
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/model/workspace.hpp>

#include <support/backend.hpp>
#include <support/device.hpp>
#include <support/numbers.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace recurrent_peephole_test {

using rondo::Model, rondo::PeepholeLSTM, rondo::Workspace;

template <class S> class PeepholeOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(PeepholeOf, Scalars);

template <int In, class Net, class S>
std::vector<S> outputs(const Model<Net, TestBackend<S>>& model, const std::vector<S>& x, const rondo::Extent& extent) {
    using B = TestBackend<S>;
    Workspace<Net, B> work;
    const DeviceSequence<B, S, In> placed{x, extent};
    return values_of<B>(work.forward(model, placed.input()));
}

/// Of a model's numbers, those of a tensor; as often as it needs them.
template <class Net, class S>
void set(std::vector<S>& values, std::string_view name, const std::vector<S>& numbers) {
    for (const rondo::ParameterSpec& t : Net::tensors)
        if (t.name.view() == name)
            for (std::size_t k = 0; k < t.size(); ++k) values[t.offset + k] = numbers[k % numbers.size()];
}

TYPED_TEST(PeepholeOf, without_peepholes_is_an_lstm) {
    using S = TypeParam;
    Model<PeepholeLSTM<3, 5>, TestBackend<S>> model{rondo::Seed{1}};
    Model<rondo::LSTM<3, 5>, TestBackend<S>> usual;
    using Peepholes = PeepholeLSTM<3, 5>;
    auto values = model.values(), same = usual.values();
    set<Peepholes, S>(values, "weight_own_l0", {0});
    model.assign(values);
    for (const rondo::ParameterSpec& t : rondo::LSTM<3, 5>::tensors)
        for (const rondo::ParameterSpec& from : Peepholes::tensors)
            if (from.name.view() == t.name.view())
                std::copy_n(values.data() + from.offset, t.size(), same.data() + t.offset);
    usual.assign(same);
    const auto numbers = normal_numbers(36);
    const std::vector<S> x(numbers.begin(), numbers.end());
    const int lengths[]{3, 0, 4};
    const auto got = outputs<3>(model, x, {4, 3, lengths}), expected = outputs<3>(usual, x, {4, 3, lengths});
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t k = 0; k < got.size(); ++k) // nvcc fuses the products of two cells in two ways
        EXPECT_NEAR(double(got[k]), double(expected[k]), by_nvcc ? (std::is_same_v<S, float> ? 1e-6 : 1e-14) : 0) << k;
    set<Peepholes, S>(values, "weight_own_l0", {S(0.5)});
    model.assign(values);
    EXPECT_NE((outputs<3>(model, x, {4, 3, lengths})), (outputs<3>(usual, x, {4, 3, lengths})));
}

TYPED_TEST(PeepholeOf, two_steps_by_hand) {
    using S = TypeParam;
    Model<PeepholeLSTM<1, 1>, TestBackend<S>> model;
    const double w[]{0.5, -1, 2, 0.25}, u[]{-0.5, 0.75, 1, -2}, own[]{0.3, -0.6, 0.9};
    auto values = model.values();
    set<PeepholeLSTM<1, 1>, S>(values, "weight_ih_l0", {w, w + 4});
    set<PeepholeLSTM<1, 1>, S>(values, "weight_hh_l0", {u, u + 4});
    set<PeepholeLSTM<1, 1>, S>(values, "weight_own_l0", {own, own + 3});
    model.assign(values);
    const auto y = outputs<1>(model, std::vector<S>{S(1.5), S(-0.7)}, {2, 1});

    const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
    double h = 0, c = 0;
    for (std::size_t t = 0; t < 2; ++t) {
        const double x = t == 0 ? 1.5 : -0.7;
        const double i = sigmoid(w[0] * x + u[0] * h + own[0] * c), f = sigmoid(w[1] * x + u[1] * h + own[1] * c);
        c = f * c + i * std::tanh(w[2] * x + u[2] * h);
        h = sigmoid(w[3] * x + u[3] * h + own[2] * c) * std::tanh(c);
        EXPECT_NEAR(double(y[t]), h, (std::is_same_v<S, float> ? 1e-6 : 1e-14)) << t;
    }
}

} // namespace recurrent_peephole_test
