// SPDX-License-Identifier: MIT
// Runs a model step by step: a single step, a block of steps, and a reset.
#include <rondo/stream.hpp>

#include <array>
#include <cmath>
#include <cstdio>

using namespace rondo;
using Net = Sequential<Named<"lstm", LSTM<1, 8>>, Named<"fc", Linear<8, 1>>>;

int main() {
    const Model<Net> model{Seed{1}};
    const Packed weights{model}; // in the order in which a step reads them
    Stream stream{weights};      // its state is zero

    std::array<float, 64> in, out, again;
    for (std::size_t k = 0; k < in.size(); ++k) in[k] = std::sin(float(k) / 5);
    for (std::size_t k = 0; k < in.size(); ++k) out[k] = stream.step(in[k])[0]; // noexcept, allocation-free

    stream.reset();
    stream.process(in, again); // the same steps in one call
    std::printf("step 64: %g\n", double(again[63]));
    return out == again ? 0 : 1;
}
