// SPDX-License-Identifier: MIT
// expect: rondo: Stack::projection is for LSTMs only: the equations of other cells read h themselves
#include <rondo/layer/gru.hpp>

constexpr int size = rondo::GRU<3, 5, rondo::Stack{.projection = 2}>::output_size;
