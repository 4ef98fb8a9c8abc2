// SPDX-License-Identifier: MIT
// Any text is read as a model of NAM or refused.
#include <rondo/io/nam.hpp>

#include "weights.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rondo::Error error;
    const auto weights = rondo::io::parse_nam(std::string_view{reinterpret_cast<const char*>(data), size}, error);
    check_weights(weights, error);
    return 0;
}
