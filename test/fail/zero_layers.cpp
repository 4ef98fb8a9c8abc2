// SPDX-License-Identifier: MIT
// expect: rondo::GRU<10, 20,
// expect: (stack.valid())
#include <rondo/layer/gru.hpp>

constexpr int size = rondo::GRU<10, 20, rondo::Stack{.layers = 0}>::output_size;
