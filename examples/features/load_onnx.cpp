// SPDX-License-Identifier: MIT
// Compares a network loaded from ONNX with the same weights loaded by name (data/make.py): load_onnx FOLDER.
#include <rondo/io/onnx.hpp>
#include <rondo/stream.hpp>

#include <cstdio>
#include <string>

using namespace rondo;
using Amp = Sequential<Named<"lstm", LSTM<1, 8>>, Named<"fc", Linear<8, 1>>>;

int main(int count, char** arguments) {
    const std::string folder = count > 1 ? arguments[1] : ".";
    const io::ModelWeights file = io::read_onnx(folder + "/amp.onnx"); // its layers, with their kinds and sizes
    for (const auto& layer : file.layers) std::printf("%s\n", std::string{name_of(layer.facts.kind)}.c_str());

    Model<Amp> from_onnx, by_name;
    load(from_onnx, file); // rejected if kinds or sizes differ; the message names both layers
    load(by_name, folder + "/amp.safetensors");

    const Packed a{from_onnx}, b{by_name};
    Stream first{a};
    Stream second{b};
    for (int k = 0; k < 10; ++k)
        if (first.step(0.1f * float(k))[0] != second.step(0.1f * float(k))[0]) return 1;
    return 0;
}
