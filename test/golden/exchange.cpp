// SPDX-License-Identifier: MIT
// exchange write|read FOLDER: Rondo's side of exchange.py.
#include <rondo/rondo.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;
namespace fs = std::filesystem;

using Char = Sequential<Named<"embedding", Embedding<28, 20>>, Named<"lstm", LSTM<20, 33, Stack{.layers = 2}>>,
                        Named<"fc", Linear<33, 28>>>;
using BothWays = GRU<3, 5, Stack{.layers = 2, .bidirectional = true}>;
using Plain = RNN<1, 20>;
using Projected = LSTM<3, 20, Stack{.layers = 2, .bidirectional = true, .projection = 5}>;

constexpr std::size_t steps = 5, batch = 3;

template <class T>
std::vector<T> tensor(const io::SafetensorsFile& file, const char* name, std::size_t size) {
    const io::TensorInfo* found = file.find(name);
    if (!found || file.bytes(*found).size() != size * sizeof(T))
        fail(Error::Kind::mismatch, std::string{"no fitting "} + name);
    std::vector<T> all(size);
    std::memcpy(all.data(), file.bytes(*found).data(), size * sizeof(T));
    return all;
}

template <class Net>
struct Exchange {
    static constexpr bool tokens = requires { requires (Net::vocabulary > 0); };
    using X = std::conditional_t<tokens, int, float>;
    static constexpr std::size_t in = Net::input_size, out = Net::output_size;

    static std::vector<float> output(const Model<Net>& model, const std::vector<X>& x) {
        Workspace<Net, EigenBackend<float>> work;
        const auto y = work.forward(model, SequenceView<const X, int(in)>{x.data(), nullptr, {int(steps), int(batch)}});
        return {y.value, y.value + y.size()};
    }

    static void write(const fs::path& folder, const std::string& name) {
        const Model<Net> model{Seed{7}};
        const RandomStream draw{Seed{8}, Purpose::user};
        std::vector<X> x;
        for (std::size_t k = 0; k < in * steps * batch; ++k)
            x.push_back(tokens ? X(draw.wide(k) % 28) : X(draw.normal(k)));
        const auto y = output(model, x);
        save(model, folder / (name + ".rondo.safetensors"));
        const std::size_t x_shape[]{steps, batch, in}, y_shape[]{steps, batch, out};
        const io::TensorData data[]{
            {"x", tokens ? io::DType::I32 : io::DType::F32, x_shape, std::as_bytes(std::span{x})},
            {"y", io::DType::F32, y_shape, std::as_bytes(std::span{y})}};
        io::write_safetensors(folder / (name + ".rondo.data"), data);
    }

    /// How far this library's output is from PyTorch's.
    static double read(const fs::path& folder, const std::string& name, const std::string& model_file) {
        Model<Net> model;
        load(model, folder / (name + model_file));
        const io::SafetensorsFile data{folder / (name + ".torch.data")};
        const auto y = output(model, tensor<X>(data, "x", in * steps * batch));
        const auto expected = tensor<float>(data, "y", out * steps * batch);
        double apart = 0;
        for (std::size_t k = 0; k < y.size(); ++k) {
            const double d = std::abs(double(y[k]) - double(expected[k]));
            if (d > apart || std::isnan(d)) apart = d;
        }
        return apart;
    }
};

template <class Net>
bool run(bool write, const fs::path& folder, const std::string& name) {
    if (write) return Exchange<Net>::write(folder, name), true;
    bool close = true;
    for (const char* file : {".torch.safetensors", ".converted.safetensors"}) {
        const double apart = Exchange<Net>::read(folder, name, file);
        std::printf("rondo reads %s%s: apart by %.1e at most\n", name.c_str(), file, apart);
        close = close && apart < 1e-5;
    }
    return close;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("exchange write|read FOLDER\n", stderr), 2;
    const bool write = std::strcmp(argv[1], "write") == 0;
    const std::array close{run<Char>(write, argv[2], "char"), run<BothWays>(write, argv[2], "gru"),
                           run<Plain>(write, argv[2], "rnn"), run<Projected>(write, argv[2], "projected")};
    return std::ranges::find(close, false) == close.end() ? 0 : 1;
}
