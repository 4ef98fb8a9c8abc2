// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

// Included by everything that reads or writes numbers as bytes of a file: safetensors, ONNX.
static_assert(std::endian::native == std::endian::little,
              "rondo::io takes the bytes of a file as they are, which are little-endian, as this machine is not");
