// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

// Included by headers that read or write binary numbers: safetensors, ONNX.
static_assert(std::endian::native == std::endian::little,
              "rondo::io takes the bytes of a file as they are, which are little-endian, as this machine is not");
