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
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Reads one message of Protocol Buffers, field by field, without copying.
///
///   while (message.next())
///       if (message.field() == 3) name = message.text();
///
/// A field whose value is not requested is skipped. A nested message is returned as bytes, for another reader, so the
/// caller bounds the depth. After the first problem next() is false.
///
/// Errors  a number or length that extends past the end, a varint of more than ten bytes, a field number 0 or above
///         2^29 - 1, a group, and a value that is requested as another type.
/// Source  protobuf.dev/programming-guides/encoding.
class ProtobufReader {
public:
    explicit ProtobufReader(std::span<const std::byte> message) noexcept : rest_{message} {}

    /// Advances to the next field; false after the last one.
    bool next() {
        if (rest_.empty() || !ok()) return false;
        const std::uint64_t tag = take_varint();
        if (!ok()) return false;
        wire_ = unsigned(tag & 7);
        if (tag >> 3 == 0 || tag >> 3 > 0x1FFF'FFFF) return refuse("there is no field " + std::to_string(tag >> 3));
        field_ = unsigned(tag >> 3);
        if (wire_ == varint_) number_ = take_varint();
        else if (wire_ == eight_bytes) number_ = take_fixed(8);
        else if (wire_ == four_bytes) number_ = take_fixed(4);
        else if (wire_ == counted) take_bytes();
        else return refuse("field " + std::to_string(field_) + " has wire type " + std::to_string(wire_));
        return ok();
    }
    unsigned field() const noexcept { return field_; }

    // The value of this field.
    std::int64_t whole() {
        expect(varint_, "a whole number");
        return static_cast<std::int64_t>(number_);
    }
    float real() {
        expect(four_bytes, "a float");
        return std::bit_cast<float>(static_cast<std::uint32_t>(number_));
    }
    std::span<const std::byte> bytes() { return expect(counted, "bytes") ? bytes_ : std::span<const std::byte>{}; }
    std::string_view text() {
        const auto all = bytes();
        return {reinterpret_cast<const char*>(all.data()), all.size()};
    }

    /// A repeated field of numbers, packed or not: calls each(number).
    template <class Each>
    void wholes(Each each) {
        if (wire_ != counted) return each(whole());
        ProtobufReader packed{bytes_};
        while (!packed.rest_.empty() && packed.ok()) {
            const auto number = static_cast<std::int64_t>(packed.take_varint());
            if (packed.ok()) each(number);
        }
        if (!packed.ok()) refuse(packed.problem_);
    }
    /// The same for numbers of fixed size, 4 or 8 bytes: calls each(bits).
    template <class Bits, class Each>
    void fixed(Each each) {
        if (wire_ != counted)
            return expect(sizeof(Bits) == 4 ? four_bytes : eight_bytes, "a number") ? each(Bits(number_)) : void();
        if (bytes_.size() % sizeof(Bits) != 0)
            return void(refuse("field " + std::to_string(field_) + " has " + std::to_string(bytes_.size()) +
                               " bytes, no whole numbers of " + std::to_string(sizeof(Bits))));
        ProtobufReader packed{bytes_};
        while (!packed.rest_.empty()) each(Bits(packed.take_fixed(sizeof(Bits))));
    }

    bool ok() const noexcept { return problem_.empty(); }
    const std::string& problem() const noexcept { return problem_; }

private:
    static constexpr unsigned varint_ = 0, eight_bytes = 1, counted = 2, four_bytes = 5; // wire types

    bool refuse(std::string problem) {
        if (ok()) problem_ = std::move(problem);
        return false;
    }
    bool expect(unsigned wire, const char* what) {
        return wire_ == wire || refuse("field " + std::to_string(field_) + ": expected " + what + ", got wire type " +
                                       std::to_string(wire_));
    }
    std::uint64_t take_varint() {
        std::uint64_t value = 0;
        for (unsigned k = 0; k < 10; ++k) {
            if (k == rest_.size()) return refuse("it ends within a number"), 0;
            const auto byte = std::to_integer<std::uint64_t>(rest_[k]);
            if (k == 9 && byte > 1) break;
            value |= (byte & 0x7F) << (7 * k);
            if (byte < 0x80) {
                rest_ = rest_.subspan(k + 1);
                return value;
            }
        }
        return refuse("a number has more than 64 bits"), 0;
    }
    std::uint64_t take_fixed(std::size_t size) {
        if (size > rest_.size()) return refuse("it ends within field " + std::to_string(field_)), 0;
        std::uint64_t value = 0;
        for (std::size_t k = size; k-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(rest_[k]);
        rest_ = rest_.subspan(size);
        return value;
    }
    void take_bytes() {
        const std::uint64_t size = take_varint();
        if (ok() && size > rest_.size())
            refuse("field " + std::to_string(field_) + " claims " + std::to_string(size) + " bytes, but only " +
                   std::to_string(rest_.size()) + " are left");
        if (!ok()) return;
        bytes_ = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(bytes_.size());
    }

    std::span<const std::byte> rest_, bytes_;
    std::uint64_t number_ = 0;
    unsigned field_ = 0, wire_ = 0;
    std::string problem_;
};

} // namespace rondo::io::detail
