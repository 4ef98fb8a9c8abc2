// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A non-negative integer of up to 3840 bits, in words of 32 bits, least significant first.
class BigWhole {
public:
    void multiply_add(std::uint32_t factor, std::uint32_t summand) noexcept {
        std::uint64_t carry = summand;
        for (std::size_t k = 0; k < size_; ++k, carry >>= 32) {
            carry += std::uint64_t{words_[k]} * factor;
            words_[k] = static_cast<std::uint32_t>(carry);
        }
        if (carry != 0) words_[size_++] = static_cast<std::uint32_t>(carry);
    }
    void shift_left(int count) noexcept {
        for (; count >= 31; count -= 31) multiply_add(std::uint32_t{1} << 31, 0);
        multiply_add(std::uint32_t{1} << count, 0);
    }
    /// Requires *this >= other.
    void subtract(const BigWhole& other) noexcept {
        std::uint64_t borrow = 0;
        for (std::size_t k = 0; k < size_; ++k) {
            const std::uint64_t less = borrow + (k < other.size_ ? other.words_[k] : 0);
            borrow = words_[k] < less;
            words_[k] = static_cast<std::uint32_t>(words_[k] - less);
        }
        while (size_ > 0 && words_[size_ - 1] == 0) --size_;
    }
    int compare(const BigWhole& other) const noexcept {
        if (size_ != other.size_) return size_ < other.size_ ? -1 : 1;
        for (std::size_t k = size_; k-- > 0;)
            if (words_[k] != other.words_[k]) return words_[k] < other.words_[k] ? -1 : 1;
        return 0;
    }
    int bits() const noexcept {
        return size_ == 0 ? 0 : static_cast<int>(32 * size_) - std::countl_zero(words_[size_ - 1]);
    }

private:
    std::array<std::uint32_t, 120> words_{};
    std::size_t size_ = 0;
};

/// above / below, rounded to the nearest double, ties to even; infinity on overflow, zero on underflow.
inline double rounded_quotient(BigWhole above, BigWhole below) noexcept {
    using Limits = std::numeric_limits<double>;
    int exponent = above.bits() - below.bits();
    if (exponent > 0) below.shift_left(exponent);
    else above.shift_left(-exponent);
    if (above.compare(below) < 0) {
        above.shift_left(1);
        --exponent;
    }
    // Now the quotient is 2^exponent times a number in [1, 2). Subnormal results have fewer bits.
    const int missing = Limits::min_exponent - 1 - exponent, bits = Limits::digits - (missing > 0 ? missing : 0);
    if (bits < 0 || exponent >= Limits::max_exponent) return bits < 0 ? 0 : Limits::infinity();
    std::uint64_t quotient = 0;
    for (int k = 0; k < bits; ++k) {
        const bool bit = above.compare(below) >= 0;
        if (bit) above.subtract(below);
        above.shift_left(1);
        quotient = quotient << 1 | std::uint64_t{bit};
    }
    const int rest = above.compare(below); // the remainder against half a unit in the last place
    if (rest > 0 || (rest == 0 && quotient % 2 == 1)) ++quotient;
    return std::ldexp(static_cast<double>(quotient), exponent - bits + 1);
}

/// std::from_chars for double, for standard libraries without it: the same results, independent of the locale.
///
/// Memory  1 KB of the stack.
inline std::from_chars_result read_decimal(const char* const first, const char* const last, double& value) noexcept {
    const char* at = first;
    const bool negative = at != last && *at == '-';
    if (negative) ++at;
    for (const std::string_view word : {"infinity", "inf", "nan"}) {
        std::size_t same = 0;
        while (same < word.size() && at + same != last && (at[same] | 0x20) == word[same]) ++same;
        if (same < word.size()) continue;
        const double found =
            word == "nan" ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
        value = negative ? -found : found;
        return {at + same, std::errc{}};
    }

    constexpr int most = 770; // significant digits; of further digits it only matters whether any is not zero
    BigWhole whole;           // the digits; the number is whole * 10^exponent
    std::int64_t exponent = 0;
    int kept = 0;
    bool any = false, point = false, more = false;
    for (; at != last && ((*at >= '0' && *at <= '9') || (*at == '.' && !point)); ++at) {
        if (*at == '.') {
            point = true;
            continue;
        }
        any = true;
        if (point) --exponent;
        if (kept == 0 && *at == '0') continue;
        if (kept == most) {
            ++exponent;
            more = more || *at != '0';
        } else {
            whole.multiply_add(10, static_cast<std::uint32_t>(*at - '0'));
            ++kept;
        }
    }
    if (!any) return {first, std::errc::invalid_argument};
    if (at != last && (*at | 0x20) == 'e') {
        const char* digit = at + 1;
        const bool below = digit != last && *digit == '-';
        if (digit != last && (*digit == '-' || *digit == '+')) ++digit;
        std::int64_t said = 0;
        for (; digit != last && *digit >= '0' && *digit <= '9'; at = ++digit)
            if (said < 1'000'000'000'000) said = 10 * said + (*digit - '0');
        if (at == digit) exponent += below ? -said : said;
    }

    double found = 0;
    if (kept > 0) {
        if (more) {
            whole.multiply_add(10, 1);
            --exponent;
            ++kept;
        }
        const std::int64_t magnitude = kept + exponent; // the number is below 10^magnitude
        if (magnitude > 310 || magnitude < -325) return {at, std::errc::result_out_of_range};
        BigWhole below;
        below.multiply_add(0, 1);
        for (; exponent > 0; --exponent) whole.multiply_add(10, 0);
        for (; exponent < 0; ++exponent) below.multiply_add(10, 0);
        found = rounded_quotient(whole, below);
        if (found == 0 || found > (std::numeric_limits<double>::max)()) return {at, std::errc::result_out_of_range};
    }
    value = negative ? -found : found;
    return {at, std::errc{}};
}

template <class T>
concept HasFromChars = requires(const char* text, T& value) { std::from_chars(text, text, value); };

/// Reads `text` into `value`, rounded to the nearest, ties to even, independent of the locale. False if `text` as a
/// whole is not a number that T can represent. The format is std::from_chars': "-1.5e3", "inf", "nan"; no leading plus,
/// no blanks.
template <class T>
bool read_number(std::string_view text, T& value) noexcept {
    const char* const last = text.data() + text.size();
    std::from_chars_result result{};
    if constexpr (HasFromChars<T>) result = std::from_chars(text.data(), last, value);
    else result = read_decimal(text.data(), last, value);
    return result.ec == std::errc{} && result.ptr == last;
}

} // namespace rondo::detail
