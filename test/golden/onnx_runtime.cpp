// SPDX-License-Identifier: MIT
// onnx_runtime write|read FOLDER: Rondo's side of onnx_runtime.py.
#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/rondo.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;

const int ragged[]{7, 3, 5};

/// Whether a file, which may have been changed, still holds the model.
template <class Net>
bool holds(const std::filesystem::path& file, const Model<Net>& model) {
    Model<Net> read;
    load(read, io::read_onnx(file));
    return read == model;
}

/// The model, and an input and its output.
template <class Net>
void write(const std::filesystem::path& folder, const std::string& name, const Model<Net>& model,
           const Extent& extent) {
    constexpr bool tokens = requires { requires (Net::vocabulary > 0); };
    using X = std::conditional_t<tokens, int, float>;
    io::write_onnx(model, folder / (name + ".onnx"));

    const RandomStream draw{Seed{8}, Purpose::user};
    constexpr std::size_t in = tokens ? 1 : std::size_t(Net::input_size);
    std::vector<X> x;
    for (std::size_t k = 0; k < in * extent.columns(); ++k)
        if constexpr (tokens) x.push_back(int(draw.wide(k) % std::uint64_t(Net::vocabulary)));
        else x.push_back(float(draw.normal(k)));
    Workspace<Net, EigenBackend<float>> work;
    const auto y = work.forward(model, SequenceView<const X, int(in)>{x.data(), nullptr, extent});

    const std::size_t batch = std::size_t(extent.batch), of_lengths[]{batch};
    std::vector<std::size_t> x_shape{std::size_t(extent.steps), batch};
    if (!tokens) x_shape.push_back(in);
    const std::size_t y_shape[]{std::size_t(y.extent.steps), batch, std::size_t(Net::output_size)};
    std::vector<io::TensorData> data{
        {"x", tokens ? io::DType::I32 : io::DType::F32, x_shape, std::as_bytes(std::span{x})},
        {"y", io::DType::F32, y_shape, std::as_bytes(std::span{y.value, y.size()})}};
    if (extent.lengths)
        data.push_back({"lengths", io::DType::I32, of_lengths, std::as_bytes(std::span{extent.lengths, batch})});
    io::write_safetensors(folder / (name + ".data"), data);
}

constexpr Stack stacked{.layers = 2}, both_ways{.bidirectional = true}, reversed{.layers = 2, .reversed = true},
    all_of_it{.layers = 2, .bidirectional = true, .dropout = Rate{20}};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("onnx_runtime write|read FOLDER\n", stderr), 2;
    const bool reads = argv[1] == std::string_view{"read"};
    const std::filesystem::path folder = argv[2];
    int lost = 0;
    const auto one = [&]<class Net>(std::type_identity<Net>, const std::string& name, const Extent& extent) {
        const Model<Net> model{Seed{7}};
        if (!reads) write(folder, name, model, extent);
        else if (!holds(folder / (name + ".onnx"), model))
            std::printf("%s.onnx holds another model\n", name.c_str()), ++lost;
    };
    const auto net = [&](auto type, const std::string& name) {
        one(type, name, {7, 3});
        one(type, name + "_one", {1, 1});
    };
    const auto each_length = [&](auto type, const std::string& name) {
        net(type, name);
        one(type, name + "_lengths", {7, 3, ragged});
    };
    net(std::type_identity<RNN<3, 5, stacked>>{}, "rnn");
    net(std::type_identity<ReluRNN<1, 20, both_ways>>{}, "relu_rnn");
    each_length(std::type_identity<LSTM<3, 5, all_of_it>>{}, "lstm");
    net(std::type_identity<GRU<3, 33>>{}, "gru");
    net(std::type_identity<GRU<2, 5, all_of_it>>{}, "gru_stack");
    each_length(std::type_identity<GRUResetBefore<3, 5, both_ways>>{}, "gru_reset_before");
    each_length(std::type_identity<GRU<3, 5, reversed>>{}, "reversed");
    each_length(std::type_identity<Sequential<LSTM<3, 20, reversed>, FirstStep<20>, Linear<20, 1>>>{}, "first_step");
    net(std::type_identity<
            Sequential<Named<"embedding", Embedding<28, 20>>, Dropout<20, Rate{20}>,
                       Named<"lstm", LSTM<20, 33, stacked>>, Named<"fc", Linear<33, 28>>, Softmax<28>>>{},
        "tokens");
    net(std::type_identity<Sequential<LSTM<3, 20>, LastStep<20>, ReLU<20>, LinearWithoutBias<20, 1>, Tanh<1>>>{},
        "last_step");
    each_length(std::type_identity<Sequential<GRU<3, 5, both_ways>, FinalStates<5>, Linear<10, 3>, Sigmoid<3>>>{},
                "final_states");
    each_length(std::type_identity<Sequential<FinalCellState<LSTM<3, 5, both_ways>>, Linear<10, 3>>>{}, "final_cell");
    each_length(std::type_identity<Sequential<Linear<3, 4>, FinalCellState<LSTM<4, 5, reversed>>>>{},
                "final_cell_reversed");
    one(std::type_identity<Sequential<Conv1d<3, 4, 3, ConvOptions{.stride = 2, .padding = causal_padding}>, Tanh<4>,
                                      Flatten<4, 4, FlattenOrder::features_first>, Linear<16, 2>>>{},
        "flatten", {8, 3});
    constexpr Norm plain{.eps = {1, 1000}, .affine = false};
    one(std::type_identity<Sequential<RMSNorm<3, plain>, Linear<3, 4>, LayerNorm<4, plain>,
                                      BatchNorm1d<4, BatchNormOptions{.affine = false}>, Flatten<4, 2>>>{},
        "norms_plain", {2, 3});
    net(std::type_identity<Sequential<Residual<LSTM<4, 4>>, Residual<Sequential<Linear<4, 5>, Linear<5, 4>>>>>{},
        "residual");
    one(std::type_identity<
            Sequential<Conv1d<3, 4, 3, ConvOptions{.stride = 2, .padding = {2, 1, true}, .bias = false}>, SiLU<4>,
                       Conv1d<4, 8, 2, ConvOptions{.dilation = 3, .groups = 4, .padding = causal_padding}>,
                       BatchNorm1d<8>, PReLU<8, 8>, LayerNorm<8>, MeanPooling<8>, Linear<8, 2>, LogSoftmax<2>>>{},
        "convolutions", {7, 3});
    one(std::type_identity<
            Sequential<Linear<3, 4>, MaxPool1d<4, 3, PoolOptions{.stride = 2, .padding = {1, 2}}>,
                       MaxPool1d<4, 2, PoolOptions{.stride = 1, .dilation = 3, .padding = causal_padding}>,
                       AvgPool1d<4, 3, PoolOptions{.stride = 1, .padding = {1}, .count_include_pad = false}>,
                       AvgPool1d<4, 2, PoolOptions{.stride = 1, .dilation = 2, .padding = causal_padding}>,
                       AvgPool1d<4, 4, PoolOptions{.padding = {2, 1}}>>>{},
        "pools", {15, 3});
    net(std::type_identity<
            Sequential<GELU<3>, RMSNorm<3>, TanhGELU<3>, RMSNorm<3, Norm{.eps = {1, 1000}}>, MaxPooling<3>>>{},
        "norms");
    net(std::type_identity<
            Sequential<LeakyReLU<3>, ELU<3, Ratio{1, 2}>, Hardsigmoid<3>, Hardtanh<3, Ratio{0}, Ratio{6}>,
                       Hardtanh<3, Ratio{1, 8}, Ratio::infinity()>, Hardtanh<3, Ratio::infinity(-1), Ratio{4}>,
                       Softsign<3>, Softplus<3>, Threshold<3, Ratio{1, 2}>, PReLU<3>,
                       Residual<Conv1d<3, 3, 3, ConvOptions{.padding = same_padding}>>>>{},
        "activations");
    using cell::Function, cell::Variant;
    constexpr Stack without_biases{.bidirectional = true, .bias = false};
    net(std::type_identity<PeepholeLSTM<3, 5, without_biases>>{}, "peepholes");
    one(std::type_identity<LSTMVariant<3, 5,
                                       Variant{.gate{Function::hardsigmoid, {3, 10}, {2, 5}},
                                               .candidate{Function::elu, {1, 2}},
                                               .output{Function::scaled_tanh, {3, 2}, {3, 4}},
                                               .clip = Ratio{1, 2},
                                               .coupled = true,
                                               .peepholes = true},
                                       both_ways>>{},
        "lstm_variant", {7, 3});
    one(std::type_identity<
            LSTMVariant<3, 20, Variant{.output{Function::relu}, .clip = Ratio{1, 8}, .coupled = true}>>{},
        "lstm_coupled", {7, 3});
    one(std::type_identity<GRUVariant<
            3, 5, Variant{.gate{Function::hardsigmoid, {1, 5}, {1, 2}}, .candidate{Function::affine, {3, 4}, {1, 4}}},
            without_biases>>{},
        "gru_variant", {7, 3});
    constexpr Function softplus{Function::softplus};
    one(std::type_identity<LSTMVariant<
            3, 5, Variant{.gate = softplus, .candidate = softplus, .output = softplus, .clip = Ratio{1, 2}}>>{},
        "lstm_softplus", {7, 3});
    one(std::type_identity<GRUResetBeforeVariant<
            3, 5, Variant{.candidate{Function::leaky_relu, {1, 8}}, .clip = Ratio{1, 4}}, reversed>>{},
        "gru_reset_before_variant", {7, 3, ragged});
    one(std::type_identity<RNNVariant<3, 5, Variant{.candidate{Function::thresholded_relu, {1, 4}}}>>{}, "rnn_variant",
        {7, 3});
    one(std::type_identity<RNNVariant<3, 5, Variant{.candidate{Function::softsign}, .clip = Ratio{1, 2}}, both_ways>>{},
        "rnn_clip", {7, 3});
    return lost;
}
