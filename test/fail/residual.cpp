// SPDX-License-Identifier: MIT
// expect: rondo::Residual: the layer's output size is not its input size
// expect: rondo::Residual<rondo::Linear<4, 8>
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/linear.hpp>
#include <rondo/layer/residual.hpp>

constexpr int size = rondo::Residual<rondo::Linear<4, 8>>::output_size;
