// SPDX-License-Identifier: MIT
// expect: rondo::LSTM<4, 8,
// expect: (stack.valid())
#include <rondo/layer/lstm.hpp>

constexpr int size = rondo::LSTM<4, 8, rondo::Stack{.layers = 2, .dropout = rondo::Rate{-1}}>::output_size;
