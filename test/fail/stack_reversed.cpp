// SPDX-License-Identifier: MIT
// expect: rondo::LSTM<4, 8,
// expect: (stack.valid())
#include <rondo/layer/lstm.hpp>

constexpr int size = rondo::LSTM<4, 8, rondo::Stack{.bidirectional = true, .reversed = true}>::output_size;
