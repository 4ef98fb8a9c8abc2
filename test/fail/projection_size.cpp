// SPDX-License-Identifier: MIT
// expect: rondo: Stack::projection: expected less than the hidden size; 0 for none
#include <rondo/layer/lstm.hpp>

constexpr int size = rondo::LSTM<3, 5, rondo::Stack{.projection = 5}>::output_size;
