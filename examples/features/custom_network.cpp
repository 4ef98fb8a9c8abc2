// SPDX-License-Identifier: MIT
// A layer made of other layers, and a network whose forward is a function with branches, a sum and shared weights.
#include <rondo/layer/activation.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/op/add.hpp>

#include <array>
#include <cstdio>

using namespace rondo;

// y = x + W2 relu(W1 x + b1) + b2
template <int Size, int Inner>
struct FeedForward : Network<Named<"up", Linear<Size, Inner>>, Named<"down", Linear<Inner, Size>>> {
    static constexpr int input_size = Size, output_size = Size;
    static auto forward(auto& run, const auto& x) {
        return add(run, x, run(layer<"down">, ReLU<Inner>::forward(run, run(layer<"up">, x))));
    }
};

// Two sequences through the same LSTM.
struct Twin : Network<Named<"body", LSTM<2, 8>>, Named<"mix", FeedForward<8, 16>>, Named<"head", Linear<8, 1>>> {
    static auto forward(auto& run, auto a, auto b) {
        const auto both = add(run, run(layer<"body">, a), run(layer<"body">, b));
        return run(layer<"head">, run(layer<"mix">, both));
    }
};

int main() {
    const Model<Twin> model{Seed{1}}; // mix.up.weight is one of its tensors
    const std::array<float, 6> a{1, 2, 3, 4, 5, 6}, b{6, 5, 4, 3, 2, 1};
    const Extent extent{3, 1}; // steps, sequences
    Workspace<Twin> work;
    const auto run = [&](const auto& x, const auto& y) {
        return work
            .forward(model, SequenceView<const float, 2>{x.data(), nullptr, extent},
                     SequenceView<const float, 2>{y.data(), nullptr, extent})
            .value[2];
    };
    const float one = run(a, b), other = run(b, a);
    std::printf("%g %g\n", double(one), double(other));
    return one == other ? 0 : 1;
}
