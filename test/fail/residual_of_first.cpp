// SPDX-License-Identifier: MIT
// expect: rondo::ResidualOfFirst: the layer's output size is more than its input size
// expect: rondo::ResidualOfFirst<rondo::Linear<4, 8>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/residual.hpp>

constexpr int size = rondo::ResidualOfFirst<rondo::Linear<4, 8>>::output_size;
