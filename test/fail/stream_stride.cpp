// SPDX-License-Identifier: MIT
// expect: rondo::Stream: the network's stride is not a multiple of the stride of one of its layers
#include <rondo/layer/conv1d.hpp>
#include <rondo/stream/stream.hpp>

using namespace rondo;

struct Net : Network<Named<"conv", Conv1d<2, 2, 4, ConvOptions{.stride = 3, .padding = causal_padding}>>> {
    static constexpr int input_size = 2, output_size = 2, stride = 4;
    static auto forward(auto& run, const auto& x) { return run(layer<"conv">, x); }
};

int main() {
    const Model<Net> model{Seed{1}};
    const Packed packed{model};
    Stream stream{packed};
}
