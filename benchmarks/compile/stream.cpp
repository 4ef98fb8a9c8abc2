// SPDX-License-Identifier: MIT
// The smallest program that streams: 1 -> LSTM of HIDDEN -> 1.
#include "memory.hpp"

#include <rondo/stream.hpp>

using namespace rondo;

int main() {
    const Model<Sequential<LSTM<1, HIDDEN>, Linear<HIDDEN, 1>>> model{Seed{1}};
    const Packed weights{model};
    Stream stream{weights};
    float x = 0.1f;
    for (int k = 0; k < 1000; ++k) x = stream.step(x)[0];
    std::printf("last=%g memory_kb=%ld\n", double(x), memory());
}
