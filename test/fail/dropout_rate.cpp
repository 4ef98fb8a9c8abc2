// SPDX-License-Identifier: MIT
// expect: (rate.valid())
#include <rondo/layer/dropout.hpp>

constexpr int size = rondo::Dropout<8, rondo::Rate{100}>::output_size;
