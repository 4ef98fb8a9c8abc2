// SPDX-License-Identifier: MIT
// expect: rondo::AttentionPooling: the score is not a layer from Size features to one
#include <rondo/layer/attention_pooling.hpp>

constexpr int size = rondo::AttentionPooling<8, rondo::Linear<9, 1>>::output_size;
