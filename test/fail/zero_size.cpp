// SPDX-License-Identifier: MIT
// expect: rondo::LSTM<10, 0
// expect: (Hidden > 0)
#include <rondo/layer/lstm.hpp>

constexpr int size = rondo::LSTM<10, 0>::output_size;
