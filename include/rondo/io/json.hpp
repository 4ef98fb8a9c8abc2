// SPDX-License-Identifier: MIT
#pragma once

#include "../core/printable.hpp"
#include "../core/read_number.hpp"
#include "utf8.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A pull parser for JSON: the caller requests the objects, arrays, strings and numbers that it expects, and may skip
/// others.
///
/// Values are requested one after the other, so the caller bounds the depth, and only requested strings are stored.
/// After the first problem every request returns at once. `text` must be UTF-8.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) noexcept : text_{text} {}

    bool ok() const noexcept { return problem_.empty(); }
    const std::string& problem() const noexcept { return problem_; }
    /// Whether the problem is a number that is NaN or infinite. Python writes these, although JSON does not have them.
    bool not_finite() const noexcept { return not_finite_; }
    void refuse(const std::string& problem) { // may contain names and values of the text
        if (ok()) problem_ = printable(problem);
    }
    /// Skips the byte order mark that some editors write at the beginning of a text.
    void skip_byte_order_mark() noexcept {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (at_ == 0 && text_.starts_with(mark)) at_ = mark.size();
    }
    void refuse_here(const std::string& what) { refuse("byte " + std::to_string(at_) + ": " + what); }

    /// Reads an object; calls member(name) for each name, which reads the value.
    template <class Member>
    void object(std::size_t name_limit, Member member) {
        take('{', "'{'");
        if (!ok() || take_if('}')) return;
        do {
            const std::string name = string(name_limit);
            take(':', "':'");
            if (ok()) member(name);
        } while (ok() && take_if(','));
        take('}', "',' or '}'");
    }

    /// Reads an array of at most `limit` items; calls item() for each, which reads the value.
    template <class Item>
    void array(std::size_t limit, Item item) {
        take('[', "'['");
        if (!ok() || take_if(']')) return;
        std::size_t count = 0;
        do {
            if (count++ == limit) return refuse_here("more than " + std::to_string(limit) + " entries");
            item();
        } while (ok() && take_if(','));
        take(']', "',' or ']'");
    }

    /// A string of at most `limit` bytes after its escapes are resolved.
    std::string string(std::size_t limit) {
        std::string value;
        take('"', "a string");
        while (ok()) {
            if (value.size() > limit) {
                refuse_here("a string longer than " + std::to_string(limit) + " bytes");
            } else if (at_ == text_.size()) {
                refuse_here("a string without an end");
            } else if (text_[at_] == '"') {
                ++at_;
                return value;
            } else if (static_cast<unsigned char>(text_[at_]) < 0x20) {
                refuse_here("a control character in a string");
            } else if (text_[at_] == '\\') {
                ++at_;
                escape(value);
            } else {
                value.push_back(text_[at_++]);
            }
        }
        return value;
    }

    /// A whole number, 0 or more, that fits into std::size_t.
    std::size_t whole() {
        if (!ok()) return 0;
        skip_space();
        std::size_t value = 0;
        const char* const first = text_.data() + at_;
        const auto [last, result] = std::from_chars(first, text_.data() + text_.size(), value);
        if (last == first) {
            expected("a whole number, 0 or more");
        } else if (result != std::errc{}) {
            refuse_here("a number above " + std::to_string((std::numeric_limits<std::size_t>::max)()));
        } else if (*first == '0' && last - first > 1) {
            refuse_here("a number with a leading 0");
        } else {
            at_ += static_cast<std::size_t>(last - first);
            if (const char next = peek(); next == '.' || next == 'e' || next == 'E') expected("a whole number");
        }
        return value;
    }

    /// A finite number, rounded to the nearest double.
    double number() {
        if (!ok()) return 0;
        skip_space();
        if (next_is_not_finite()) {
            not_finite_ = true;
            refuse_here("a number that is not finite");
            return 0;
        }
        const std::size_t size = number_size();
        if (size == 0) return expected("a number"), 0;
        double value = 0;
        if (!rondo::detail::read_number(text_.substr(at_, size), value) || !std::isfinite(value)) {
            not_finite_ = true;
            refuse_here("a number that a double cannot hold");
            return 0;
        }
        at_ += size;
        return value;
    }

    /// True or false.
    bool boolean() {
        const bool value = take_word("true");
        if (ok() && !value && !take_word("false")) expected("true or false");
        return value;
    }

    /// Skips a null, if it is the next value.
    bool take_null() noexcept { return take_word("null"); }

    /// Whether the next value begins with this character.
    bool next_is(char first) noexcept {
        skip_space();
        return ok() && peek() == first;
    }

    /// Whether the next value is a finite number, and not one of Python's NaN and Infinity.
    bool next_is_number() noexcept {
        skip_space();
        return ok() && number_size() > 0;
    }

    /// An upper bound of how many numbers the next value, nested arrays, has.
    std::size_t most_numbers() const noexcept {
        std::size_t count = 1, depth = 0;
        for (std::size_t at = at_; at < text_.size(); ++at) {
            if (text_[at] == ',') ++count;
            else if (text_[at] == '[') ++depth;
            else if (text_[at] == ']' && depth-- <= 1) break;
        }
        return count;
    }

    /// Skips a value of at most `depth` nested objects and arrays.
    void skip(int depth = 32) {
        if (!ok()) return;
        if (depth == 0 && (next_is('{') || next_is('['))) return refuse_here("objects and arrays nested too deeply");
        if (next_is('{')) object(text_.size(), [&](const std::string&) { skip(depth - 1); });
        else if (next_is('[')) array(text_.size(), [&] { skip(depth - 1); });
        else if (next_is('"')) string(text_.size());
        else if (!take_null() && !take_word("true") && !take_word("false") && !take_not_finite()) number();
    }

    void end() {
        skip_space();
        if (ok() && at_ != text_.size()) expected("the end");
    }

private:
    // NUL at the end of the text, which no rule accepts.
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_space() noexcept {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    bool take_if(char wanted) noexcept {
        skip_space();
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }

    bool take_word(std::string_view word) noexcept {
        skip_space();
        if (!ok() || !text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    // NaN and Infinity as Python writes them.
    bool next_is_not_finite() const noexcept {
        const std::string_view rest = text_.substr(at_ + (peek() == '-' ? 1 : 0));
        return rest.starts_with("NaN") || rest.starts_with("Infinity");
    }
    bool take_not_finite() noexcept {
        if (!ok() || !next_is_not_finite()) return false;
        take_if('-');
        return take_word("NaN") || take_word("Infinity");
    }

    /// The length of the next value if it is a number, else 0.
    std::size_t number_size() const noexcept {
        std::size_t at = at_;
        const auto here = [&] { return at < text_.size() ? text_[at] : '\0'; };
        const auto digits = [&] {
            const std::size_t first = at;
            while (here() >= '0' && here() <= '9') ++at;
            return at - first;
        };
        if (here() == '-') ++at;
        const bool zero = here() == '0';
        if (const std::size_t whole = digits(); whole == 0 || (zero && whole > 1)) return 0;
        if (here() == '.' && (++at, digits() == 0)) return 0;
        if (here() == 'e' || here() == 'E') {
            ++at;
            if (here() == '+' || here() == '-') ++at;
            if (digits() == 0) return 0;
        }
        return at - at_;
    }

    void take(char wanted, const char* name) {
        if (ok() && !take_if(wanted)) expected(name);
    }

    void escape(std::string& value) {
        constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        if (const std::size_t which = letters.find(peek()); which != letters.npos) {
            ++at_;
            return value.push_back(meanings[which]);
        }
        if (peek() != 'u') return expected("an escape");
        ++at_;
        char32_t point = four_hex_digits();
        if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
            at_ += 2;
            const char32_t low = four_hex_digits();
            if (low >= 0xDC00 && low < 0xE000) point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        }
        if (point >= 0xD800 && point < 0xE000) return refuse_here("half of a surrogate pair");
        if (ok()) append_utf8(value, point);
    }

    char32_t four_hex_digits() {
        unsigned value = 0;
        const std::string_view digits = text_.substr(at_, 4);
        const auto [last, result] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (result != std::errc{} || last - digits.data() != 4) expected("four hexadecimal digits");
        at_ += digits.size();
        return value;
    }

    void expected(const char* what) {
        constexpr std::string_view hex = "0123456789ABCDEF";
        const auto found = static_cast<unsigned char>(peek());
        std::string name = "the end";
        if (at_ < text_.size()) {
            name = found > 0x20 && found < 0x7F ? std::string{'\'', text_[at_], '\''}
                                                : std::string{"byte 0x"} + hex[found >> 4] + hex[found & 15];
        }
        refuse_here(std::string{"expected "} + what + ", found " + name);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string problem_;
    bool not_finite_ = false;
};

/// `text`, which must be UTF-8, as a JSON string with quotes.
inline std::string json_string(std::string_view text) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt", hex = "0123456789abcdef";
    std::string quoted{'"'};
    for (const char c : text) {
        if (const std::size_t which = special.find(c); which != special.npos) {
            quoted += {'\\', letters[which]};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            quoted += {'\\', 'u', '0', '0', hex[static_cast<unsigned>(c) >> 4], hex[static_cast<unsigned>(c) & 15]};
        } else {
            quoted += c;
        }
    }
    return quoted += '"';
}

} // namespace rondo::io::detail
