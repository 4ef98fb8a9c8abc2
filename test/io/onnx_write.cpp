// SPDX-License-Identifier: MIT
#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/rondo.hpp>

#include "../support/failure.hpp"
#include "../support/folder.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace onnx_write_test {

using namespace rondo;
constexpr Stack stacked{.layers = 2}, deep{.layers = 2, .bidirectional = true, .dropout = Rate{20}};

// Parameters are read as they were written, bit for bit.
template <class Net, class Scalar = float>
void expect_same() {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    const Model<Net, EigenBackend<Scalar>> model{Seed{3}};
    io::write_onnx(model, path);
    Model<Net, EigenBackend<Scalar>> read;
    load(read, io::read_onnx(path));
    EXPECT_TRUE(read == model);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"model.onnx"});
}

TEST(OnnxWrite, ComesBackBitForBit) {
    expect_same<RNN<3, 5, stacked>>();
    expect_same<ReluRNN<1, 20, Stack{.bidirectional = true}>>();
    expect_same<LSTM<3, 5, deep>, double>();
    expect_same<GRU<3, 33>>();
    expect_same<GRUResetBefore<3, 5, deep>, double>();
    expect_same<Sequential<Named<"embedding", Embedding<28, 20>>, Dropout<20, Rate{20}>, LSTM<20, 3>, Linear<3, 28>,
                           Softmax<28>>>();
    expect_same<
        Sequential<LinearWithoutBias<3, 20>, ReLU<20>, LSTM<20, 5>, LastStep<5>, Tanh<5>, Linear<5, 1>, Sigmoid<1>>>();
    expect_same<Sequential<GRU<3, 5, deep>, FinalStates<5>, GRU<10, 1>, Linear<1, 3>>>();
    expect_same<Sequential<LSTM<3, 5, Stack{.layers = 2, .reversed = true}>, FirstStep<5>, Linear<5, 1>>>();
    expect_same<
        Sequential<BatchNorm1d<3>, Named<"bn", BatchNorm1d<3, BatchNormOptions{.eps = {1, 8}, .affine = false}>>,
                   LSTM<3, 5, Stack{.bidirectional = true}>, BatchNorm1d<10>, LastStep<10>, BatchNorm1d<10>>,
        double>();
    expect_same<Sequential<FinalCellState<LSTM<3, 5>>, Linear<5, 1>, FinalCellState<LSTM<1, 5, stacked>>, Tanh<5>>>();
    expect_same<Sequential<FinalCellState<LSTM<3, 5>>, Flatten<5, 1>, Linear<5, 3>>>();
    expect_same<FinalCellState<PeepholeLSTM<3, 5, Stack{.layers = 2, .bidirectional = true}>>, double>();
    expect_same<Sequential<Linear<3, 4>, FinalCellState<LSTM<4, 5, Stack{.reversed = true}>>>>();
    expect_same<Sequential<Residual<LSTM<4, 4>>, Residual<Sequential<Linear<4, 5>, Linear<5, 4>>>>>();
}

TEST(OnnxWrite, ConvolutionsNormsAndActivationsComeBackBitForBit) {
    expect_same<Sequential<Conv1d<3, 4, 3, ConvOptions{.stride = 2, .padding = {2, 1, true}, .bias = false}>, SiLU<4>,
                           Conv1d<4, 8, 2, ConvOptions{.dilation = 3, .groups = 4, .padding = causal_padding}>,
                           BatchNorm1d<8>, PReLU<8, 8>, LayerNorm<8>, MeanPooling<8>, Linear<8, 2>, LogSoftmax<2>>>();
    expect_same<Sequential<GELU<3>, RMSNorm<3>, TanhGELU<3>, RMSNorm<3, Norm{.eps = {1, 1000}}>, MaxPooling<3>>>();
    expect_same<Sequential<RMSNorm<3>, LayerNorm<3, Norm{.eps = {1, 1000}, .bias = false}>>, double>();
    constexpr Norm plain{.eps = {1, 1000}, .affine = false};
    expect_same<
        Sequential<RMSNorm<3, plain>, LayerNorm<3, plain>, BatchNorm1d<3, BatchNormOptions{.affine = false}>>>();
    expect_same<
        Sequential<LeakyReLU<3>, ELU<3, Ratio{1, 2}>, Hardsigmoid<3>, Hardtanh<3, Ratio{0}, Ratio{6}>,
                   Hardtanh<3, Ratio{-1, 2}, Ratio::infinity()>, Hardtanh<3, Ratio::infinity(-1), Ratio{0}>,
                   Hardtanh<3, Ratio{0}, Ratio::infinity()>, Softsign<3>, Softplus<3>, Threshold<3, Ratio{-1, 2}>,
                   PReLU<3>, Residual<Conv1d<3, 3, 3, ConvOptions{.padding = same_padding}>>>>();
    expect_same<Sequential<Linear<3, 4>, MaxPool1d<4, 3, PoolOptions{.stride = 2, .padding = {1, 2}}>, AvgPool1d<4, 2>,
                           MaxPool1d<4, 2, PoolOptions{.stride = 1, .dilation = 3, .padding = causal_padding}>,
                           AvgPool1d<4, 3, PoolOptions{.padding = {1}, .count_include_pad = false}>,
                           AvgPool1d<4, 2, PoolOptions{.stride = 1, .dilation = 2, .padding = causal_padding}>,
                           Linear<4, 2>>>();
}

TEST(OnnxWrite, AFlattenFixesTheNumberOfSteps) {
    using Strided = Conv1d<3, 2, 3, ConvOptions{.stride = 2, .padding = causal_padding}>;
    expect_same<Sequential<Flatten<3, 4>, Linear<12, 2>, Tanh<2>>>();
    expect_same<Sequential<Strided, Flatten<2, 5, FlattenOrder::features_first>>, double>();
    expect_same<Sequential<Strided, MaxPool1d<2, 3>, Tanh<2>, AvgPool1d<2, 2>, Flatten<2, 2>>>();
    expect_same<Sequential<Embedding<7, 3>, LSTM<3, 2>, Flatten<2, 3>, Linear<6, 1>>>();
}

// As exporters write them for a norm that has none.
TEST(OnnxWrite, NormsWithoutAWeightOrABiasAreThoseOfOnesAndZeros) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    Model<LayerNorm<3>> model{Seed{1}};
    io::write_onnx(model, path); // ones and zeros
    Model<LayerNorm<3, Norm{.bias = false}>> no_bias;
    load(no_bias, io::read_onnx(path));
    EXPECT_TRUE((no_bias.tensor<"weight">().array() == 1).all());
    Model<LayerNorm<3, Norm{.affine = false}>> no_weight;
    load(no_weight, io::read_onnx(path));
    model.tensor<"weight">()(2) = 2;
    io::write_onnx(model, path);
    load(no_bias, io::read_onnx(path));
    EXPECT_EQ(no_bias.tensor<"weight">()(2), 2);
    const std::string got = path.string() + ": node \"output\" (LayerNormalization): expected LayerNorm 3, ";
    Error error;
    load(no_weight, io::read_onnx(path), error);
    EXPECT_EQ(error.message, got + "no weight, no bias, eps 1e-05 for the network, got LayerNorm 3, eps 1e-05");
    model.tensor<"bias">()(1) = 1;
    io::write_onnx(model, path);
    error = {};
    load(no_bias, io::read_onnx(path), error);
    EXPECT_EQ(error.message, got + "no bias, eps 1e-05 for the network, got LayerNorm 3, eps 1e-05");
}

TEST(OnnxWrite, NamesStepsThatAConvolutionChanges) {
    const TemporaryFolder folder;
    const auto names_others = [&](const auto& model) {
        io::write_onnx(model, folder / "a");
        const auto bytes = io::read_file(folder / "a");
        return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()}.find("output_steps") !=
               std::string::npos;
    };
    EXPECT_TRUE(names_others(Model<Conv1d<3, 2, 3>>{Seed{1}}));
    EXPECT_TRUE(names_others(
        Model<Sequential<Conv1d<3, 2, 3, ConvOptions{.stride = 2, .padding = {1, 1}}>, Tanh<2>>>{Seed{1}}));
    EXPECT_FALSE(names_others(Model<Conv1d<3, 2, 3, ConvOptions{.padding = causal_padding}>>{Seed{1}}));
    EXPECT_FALSE(names_others(Model<Sequential<Conv1d<3, 2, 3>, MeanPooling<2>>>{Seed{1}}));
    EXPECT_TRUE(names_others(Model<Sequential<Linear<3, 2>, MaxPool1d<2, 2>>>{Seed{1}}));
    EXPECT_FALSE(
        names_others(Model<Sequential<Linear<3, 2>, AvgPool1d<2, 3, PoolOptions{1, 1, same_padding}>>>{Seed{1}}));
}

TEST(OnnxWrite, VariantsComeBackBitForBit) {
    expect_same<PeepholeLSTM<3, 5, stacked>>();
    expect_same<LSTM<3, 5, Stack{.layers = 2, .bidirectional = true, .bias = false}>>();
    using cell::Function;
    expect_same<LSTMVariant<3, 2,
                            cell::Variant{.gate{Function::hardsigmoid, {1, 5}, {1, 2}},
                                          .output{Function::scaled_tanh, {1, 3}, {-7, 11}},
                                          .clip = Ratio{3, 4},
                                          .coupled = true,
                                          .peepholes = true},
                            Stack{.bidirectional = true, .bias = false}>>();
    expect_same<GRUVariant<3, 2, cell::Variant{.candidate{Function::elu, {2, 10}}, .clip = Ratio{2}}>>();
    expect_same<RNNVariant<3, 2, cell::Variant{.candidate{Function::relu}, .clip = Ratio{60}}>>();
    expect_same<RNNVariant<3, 2, cell::Variant{.candidate{Function::softplus}}>>();
}

TEST(OnnxWrite, NeverMixesUpTheVariantsOfAnLSTM) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    const auto refused = [&](const auto& from, auto to) {
        io::write_onnx(from, path);
        const auto before = to;
        Error error;
        load(to, io::read_onnx(path), error);
        EXPECT_EQ(error.kind, Error::Kind::mismatch);
        EXPECT_TRUE(to == before);
        return error.message.substr(path.string().size() + 2);
    };
    using Clipped = LSTMVariant<3, 5, cell::Variant{.clip = Ratio{1, 2}}>;
    EXPECT_EQ(refused(Model<Clipped>{Seed{3}}, Model<LSTM<3, 5>>{}),
              "node \"LSTM.Y\" (LSTM): expected LSTM 3 -> 5 for the network, got LSTM 3 -> 5, clip 0.5");
    EXPECT_EQ(refused(Model<LSTM<3, 5>>{Seed{3}}, Model<PeepholeLSTM<3, 5>>{}),
              "node \"LSTM.Y\" (LSTM): expected LSTM 3 -> 5, peepholes for the network, got LSTM 3 -> 5");
    using WithoutBias = LSTM<3, 5, Stack{.bias = false}>;
    EXPECT_EQ(refused(Model<LSTM<3, 5>>{Seed{3}}, Model<WithoutBias>{}),
              "node \"LSTM.Y\" (LSTM): expected LSTM 3 -> 5, no bias for the network, got LSTM 3 -> 5");
}

TEST(OnnxWrite, NoBiasesAreZeros) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    constexpr Stack without{.layers = 2, .bidirectional = true, .bias = false};
    const Model<PeepholeLSTM<3, 5, without>> model{Seed{3}};
    io::write_onnx(model, path);
    Model<PeepholeLSTM<3, 5, Stack{.layers = 2, .bidirectional = true}>> with{Seed{4}};
    load(with, io::read_onnx(path));
    EXPECT_TRUE(with.tensor<"bias_ih_l0">().isZero());
    EXPECT_TRUE(with.tensor<"bias_hh_l1_reverse">().isZero());
    EXPECT_EQ(with.tensor<"weight_own_l1_reverse">(), model.tensor<"weight_own_l1_reverse">());
    EXPECT_EQ(with.tensor<"weight_hh_l0_reverse">(), model.tensor<"weight_hh_l0_reverse">());
    io::write_onnx(with, path); // with B, which is zero
    Model<PeepholeLSTM<3, 5, without>> again;
    load(again, io::read_onnx(path));
    EXPECT_TRUE(again == model);
}

TEST(OnnxWrite, AStackIsItsLayers) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    const Model<LSTM<3, 5, stacked>> stack{Seed{3}};
    io::write_onnx(stack, path);
    Model<Sequential<LSTM<3, 5>, LSTM<5, 5>>> two;
    load(two, io::read_onnx(path));
    io::write_onnx(two, path);
    Model<LSTM<3, 5, stacked>> again;
    load(again, io::read_onnx(path));
    EXPECT_TRUE(again == stack);
}

TEST(OnnxWrite, NeverMixesUpTheVariantsOfAGru) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    io::write_onnx(Model<GRU<3, 5>>{Seed{3}}, path);
    Model<GRUResetBefore<3, 5>> other;
    const auto before = other;
    expect_failure([&] { load(other, io::read_onnx(path)); }, Error::Kind::mismatch,
                   path.string() + ": node \"GRU.Y\" (GRU): expected GRUResetBefore 3 -> 5 for the network, got "
                                   "GRU 3 -> 5");
    EXPECT_TRUE(other == before);
}

struct Twin : Network<Named<"body", LSTM<3, 5>>> {
    static auto forward(auto& run, auto x) { return run(layer<"body">, x); }
};
struct Unordered : Network<Named<"body", Embedding<3, 3>>, Named<"after", Embedding<3, 3>>> {
    static constexpr bool layers_in_order = true;
};

TEST(OnnxWrite, NamesALayerThatItCannotWrite) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    const auto refused = [&](const auto& model, const std::string& layer,
                             const char* why = " cannot be written here as ONNX") {
        Error error;
        io::write_onnx(model, path, error);
        EXPECT_EQ(error.kind, Error::Kind::argument);
        EXPECT_EQ(error.message, path.string() + ": " + layer + why);
        expect_argument([&] { io::write_onnx(model, path); }, error.message);
        EXPECT_TRUE(folder.names().empty());
    };
    refused(Model<Twin>{}, "a layer that files cannot tell: a layer that files cannot tell");
    refused(Model<Unordered>{}, "after: Embedding 3");
    refused(Model<LSTM<3, 5, Stack{.projection = 2}>>{}, "LSTM: LSTM 3 -> 5, projection 2",
            " cannot be written as ONNX, whose operator LSTM has no projection; safetensors hold it");
    refused(Model<Sequential<Linear<3, 4>, FinalStates<2>>>{}, "1: FinalStates 4");
    refused(Model<Sequential<LSTM<3, 2, deep>, Residual<FinalStates<2>>>>{}, "1: Skip of 4 over 1 layers");

    Model<GRU<3, 5>> broken;
    broken.data()[1] = std::numeric_limits<float>::quiet_NaN();
    expect_failure([&] { io::write_onnx(broken, path); }, Error::Kind::not_finite,
                   path.string() + ": a number of the model is not finite");

    const auto nowhere = folder / "absent" / "model.onnx";
    expect_failure([&] { io::write_onnx(Model<GRU<3, 5>>{}, nowhere); }, Error::Kind::file,
                   "cannot write " + nowhere.string() + ": No such file or directory");
}

} // namespace onnx_write_test
