// SPDX-License-Identifier: MIT
// onnx_runtime FOLDER: Rondo's side of onnx_runtime.py.
#include <rondo/io/onnx_write.hpp>
#include <rondo/rondo.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;

template <class Net>
void write(const std::filesystem::path& folder, const std::string& name, int steps, int batch) {
    constexpr bool tokens = requires { requires(Net::vocabulary > 0); };
    using X = std::conditional_t<tokens, int, float>;
    const Model<Net> model{Seed{7}};
    io::write_onnx(model, folder / (name + ".onnx"));

    const Draw draw{Seed{8}, Purpose::user};
    constexpr std::size_t in = tokens ? 1 : std::size_t(Net::input_size);
    std::vector<X> x;
    for (std::size_t k = 0; k < in * std::size_t(steps * batch); ++k)
        if constexpr (tokens) x.push_back(int(draw.wide(k) % std::uint64_t(Net::vocabulary)));
        else x.push_back(float(draw.normal(k)));
    Workspace<Net, EigenBackend<float>> work;
    const auto y = work.forward(model, Sequence<const X, int(in)>{x.data(), nullptr, {steps, batch}});

    std::vector<std::size_t> x_shape{std::size_t(steps), std::size_t(batch)};
    if (!tokens) x_shape.push_back(in);
    const std::size_t y_shape[]{std::size_t(y.extent.steps), std::size_t(batch), std::size_t(Net::output_size)};
    const io::TensorData data[]{
        {"x", tokens ? io::DType::I32 : io::DType::F32, x_shape, std::as_bytes(std::span{x})},
        {"y", io::DType::F32, y_shape, std::as_bytes(std::span{y.value, y.size()})}};
    io::write_safetensors(folder / (name + ".data"), data);
}

constexpr Stack stacked{.layers = 2}, both_ways{.bidirectional = true},
    all_of_it{.layers = 2, .bidirectional = true, .dropout = Rate{20}};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("onnx_runtime FOLDER\n", stderr), 2;
    const std::filesystem::path folder = argv[1];
    const auto net = [&]<class Net>(std::type_identity<Net>, const char* name) {
        write<Net>(folder, name, 7, 3);
        write<Net>(folder, std::string{name} + "_one", 1, 1);
    };
    net(std::type_identity<RNN<3, 5, stacked>>{}, "rnn");
    net(std::type_identity<ReluRNN<1, 20, both_ways>>{}, "relu_rnn");
    net(std::type_identity<LSTM<3, 5, all_of_it>>{}, "lstm");
    net(std::type_identity<GRU<3, 33>>{}, "gru");
    net(std::type_identity<GRU<2, 5, all_of_it>>{}, "gru_stack");
    net(std::type_identity<GRUResetBefore<3, 5, both_ways>>{}, "gru_reset_before");
    net(std::type_identity<
            Sequential<Named<"embedding", Embedding<28, 20>>, Dropout<20, Rate{20}>,
                       Named<"lstm", LSTM<20, 33, stacked>>, Named<"fc", Linear<33, 28>>, Softmax<28>>>{},
        "tokens");
    net(std::type_identity<Sequential<LSTM<3, 20>, LastStep<20>, ReLU<20>, LinearWithoutBias<20, 1>, Tanh<1>>>{},
        "last_step");
    net(std::type_identity<Sequential<GRU<3, 5, both_ways>, FinalStates<5>, Linear<10, 3>, Sigmoid<3>>>{},
        "final_states");
    net(std::type_identity<Sequential<Residual<LSTM<4, 4>>, Residual<Sequential<Linear<4, 5>, Linear<5, 4>>>>>{},
        "residual");
}
