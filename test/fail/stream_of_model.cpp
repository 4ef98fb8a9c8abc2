// SPDX-License-Identifier: MIT
// expect: Stream(const Model
// expect: a Stream reads packed weights
// lines: 20 by g++, 40 by clang++
#include <rondo/stream.hpp>

using namespace rondo;

int main() {
    const Model<Sequential<GRU<3, 5>, Linear<5, 4>>> model{Seed{1}};
    Stream stream{model};
}
