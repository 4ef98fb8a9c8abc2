// SPDX-License-Identifier: MIT
// expect: (padding < Vocabulary)
#include <rondo/layer/embedding.hpp>

constexpr int size = rondo::Embedding<10, 4, 10>::output_size;
