// SPDX-License-Identifier: MIT
#pragma once

#include "../../version.hpp"
#include "../little_endian.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Writes one message of Protocol Buffers, field by field. Nested messages are written first.
///
/// Source  protobuf.dev/programming-guides/encoding.
class ProtobufWriter {
public:
    ProtobufWriter& whole(unsigned field, std::int64_t value) {
        varint(std::uint64_t(field) << 3);
        varint(static_cast<std::uint64_t>(value));
        return *this;
    }
    ProtobufWriter& real(unsigned field, float value) {
        varint(std::uint64_t(field) << 3 | 5);
        return fixed(std::bit_cast<std::uint32_t>(value));
    }
    ProtobufWriter& real64(unsigned field, double value) {
        varint(std::uint64_t(field) << 3 | 1);
        return fixed(std::bit_cast<std::uint64_t>(value));
    }
    ProtobufWriter& text(unsigned field, std::string_view value) {
        varint(std::uint64_t(field) << 3 | 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    ProtobufWriter& message(unsigned field, const ProtobufWriter& value) { return text(field, value.bytes_); }

    std::span<const std::byte> bytes() const& noexcept { return std::as_bytes(std::span{bytes_}); }

private:
    template <class Bits>
    ProtobufWriter& fixed(Bits bits) {
        for (unsigned k = 0; k < sizeof bits; ++k) bytes_.push_back(static_cast<char>(bits >> (8 * k) & 0xFF));
        return *this;
    }
    void varint(std::uint64_t value) {
        for (; value > 0x7F; value >>= 7) bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }

    std::string bytes_;
};

} // namespace rondo::io::detail
