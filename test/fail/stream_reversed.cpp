// SPDX-License-Identifier: MIT
// expect: rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot be streamed step by step
#include <rondo/stream.hpp>

using Net = rondo::Sequential<rondo::GRU<4, 8, rondo::Stack{.reversed = true}>>;

int main() {
    const rondo::Model<Net> model{rondo::Seed{1}};
    const rondo::Packed weights{model};
    rondo::Stream stream{weights};
    const float x[4]{};
    stream.step(x);
}
