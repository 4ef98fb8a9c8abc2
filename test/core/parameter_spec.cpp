// SPDX-License-Identifier: MIT
// Layout: counts and names are PyTorch's, places are Rondo's.
#include <rondo/core/parameter_spec.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace parameter_spec_test {

using namespace rondo;

constexpr Stack two{.layers = 2};
using Char = Sequential<Named<"embedding", Embedding<28, 128>>, Named<"lstm", LSTM<128, 128, two>>,
                        Named<"fc", Linear<128, 28>>>;

// As PyTorch counts: sum(p.numel() for p in module.parameters()).
static_assert(parameter_count<RNN<10, 20>> == 640 && parameter_count<ReluRNN<10, 20>> == 640);
static_assert(parameter_count<LSTM<10, 20>> == 2560);
static_assert(parameter_count<GRU<10, 20>> == 1920 && parameter_count<GRUResetBefore<10, 20>> == 1920);
static_assert(parameter_count<RNN<10, 20, two>> == 1480);
static_assert(parameter_count<LSTM<10, 20, Stack{.layers = 2, .bidirectional = true}>> == 15040);
static_assert(parameter_count<Linear<10, 20>> == 220 && parameter_count<Embedding<7, 3>> == 21);
static_assert(parameter_count<Char> == 271388);

template <class Net>
std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const ParameterSpec& t : Net::tensors) all.emplace_back(t.name.view());
    return all;
}
using Names = std::vector<std::string>;

TEST(Layout, NamesAreThoseOfPyTorch) {
    EXPECT_EQ((names<GRU<2, 3>>()), (Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}));
    EXPECT_EQ((names<LSTM<2, 3, Stack{.layers = 2, .bidirectional = true}>>()),
              (Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",                                 //
                     "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse", //
                     "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1",                                 //
                     "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse"}));
    EXPECT_EQ(names<Char>(), (Names{"embedding.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0",
                                    "lstm.bias_hh_l0", "lstm.weight_ih_l1", "lstm.weight_hh_l1", "lstm.bias_ih_l1",
                                    "lstm.bias_hh_l1", "fc.weight", "fc.bias"}));
    EXPECT_EQ((names<Sequential<RNN<2, 3>, Linear<3, 1>>>()),
              (Names{"0.weight_ih_l0", "0.weight_hh_l0", "0.bias_ih_l0", "0.bias_hh_l0", "1.weight", "1.bias"}));
}

TEST(Layout, ShapesAreThoseOfPyTorch) {
    const ParameterSpec& ih = Char::tensors[tensor_index<Char, "lstm.weight_ih_l1">];
    EXPECT_EQ(ih.rows, 512);
    EXPECT_EQ(ih.columns, 128);
    EXPECT_EQ(ih.rank, 2);
    const ParameterSpec& bias = Char::tensors[tensor_index<Char, "fc.bias">];
    EXPECT_EQ(bias.rows, 28);
    EXPECT_EQ(bias.columns, 1);
    EXPECT_EQ(bias.rank, 1);
    using Both = LSTM<2, 3, Stack{.layers = 2, .bidirectional = true}>;
    EXPECT_EQ((Both::tensors[tensor_index<Both, "weight_ih_l1_reverse">].columns), 6); // both directions of layer 0
}

template <class Net>
void places_are_aligned_and_apart() {
    std::vector<int> owner(buffer_size<Net>, -1);
    int k = 0;
    for (const ParameterSpec& t : Net::tensors) {
        EXPECT_EQ(t.offset % alignment, 0u) << t.name.view();
        ASSERT_LE(t.offset + padded(t.size()), owner.size()) << t.name.view();
        for (std::size_t n = t.offset; n < t.offset + t.size(); ++n)
            EXPECT_EQ(std::exchange(owner[n], k), -1) << t.name.view();
        ++k;
    }
    EXPECT_EQ(owner.size() % alignment, 0u);
}

TEST(Layout, PlacesAreAlignedAndApart) {
    places_are_aligned_and_apart<Char>();
    places_are_aligned_and_apart<Sequential<Sequential<Linear<3, 5>, Linear<5, 7>>, Linear<7, 1>>>();
    places_are_aligned_and_apart<GRU<3, 5, Stack{.layers = 3, .bidirectional = true}>>();
}

template <class S>
void tensors_begin_at_64_bytes() {
    const Model<Char, EigenBackend<S>> model{Seed{1}};
    for (const ParameterSpec& t : Char::tensors)
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(model.data() + t.offset) % 64, 0u);
}

TEST(Layout, TensorsBeginAt64Bytes) {
    tensors_begin_at_64_bytes<float>();
    tensors_begin_at_64_bytes<double>();
}

TEST(Layout, PaddingIsZero) {
    using Net = Sequential<Linear<3, 5>, RNN<5, 7>>;
    const auto values = Model<Net>{Seed{1}}.values();
    std::vector<bool> used(values.size());
    for (const ParameterSpec& t : Net::tensors)
        for (std::size_t k = 0; k < t.size(); ++k) used[t.offset + k] = true;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < values.size(); ++k)
        if (!used[k]) {
            ++padding;
            EXPECT_EQ(values[k], 0) << k;
        }
    EXPECT_EQ(padding, buffer_size<Net> - parameter_count<Net>);
    EXPECT_GT(padding, 0u);
}

TEST(Model, ShowsATensorWithItsExtents) {
    Model<Char> model{Seed{1}};
    auto weight = model.tensor<"lstm.weight_ih_l0">();
    static_assert(decltype(weight)::RowsAtCompileTime == 512 && decltype(weight)::ColsAtCompileTime == 128);
    // Row-major, as in PyTorch.
    const std::size_t offset = Char::tensors[tensor_index<Char, "lstm.weight_ih_l0">].offset;
    EXPECT_EQ(&weight(3, 5), model.data() + offset + 3 * 128 + 5);
    static_assert(decltype(model.tensor<"fc.bias">())::ColsAtCompileTime == 1);
}

TEST(Model, IsARegularValue) {
    using Net = Sequential<Linear<3, 5>>;
    Model<Net> a{Seed{1}}, b = a;
    EXPECT_EQ(a, b);
    b.tensor<"0.weight">()(1, 2) = 7;
    EXPECT_NE(a, b);
    a.assign(b.values());
    EXPECT_EQ(a, b);
    EXPECT_EQ(Model<Net>{}.values(), std::vector<float>(buffer_size<Net>));
}

} // namespace parameter_spec_test
