// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/core/printable.hpp>
#include <rondo/data/alphabet.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// Splits a text into UTF-8 code points; each byte that is not valid UTF-8 is a character by itself.
inline std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> all;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(rondo::detail::first_code_point(text).length, 1);
        all.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return all;
}

/// Rejects the text of an option if it has characters that are not in a model's alphabet, and names them.
template <class Knows>
void check_known(const std::string& option, const std::vector<std::string>& parts, const Knows& knows) {
    std::string unknown;
    std::vector<std::string> seen;
    for (const std::string& part : parts) {
        if (knows(part) || std::ranges::find(seen, part) != seen.end()) continue;
        seen.push_back(part);
        unknown += (unknown.empty() ? "'" : ", '") + part + "'";
    }
    if (!unknown.empty()) rondo::fail(rondo::Error::Kind::argument, option + ": the model does not know " + unknown);
}
template <int symbols>
void check_symbols(const std::string& option, const std::string& text, const rondo::Alphabet<symbols>& alphabet) {
    check_known(option, characters(text), [&](const std::string& character) {
        return std::ranges::all_of(character, [&](char byte) { return alphabet.token(byte) >= 0; });
    });
}

/// Writes a text to the terminal while it is generated: control characters are escaped, ends of lines and tabs kept.
class TextWriter {
public:
    ~TextWriter() { write(rest_); }

    void add(std::string_view bytes) {
        rest_ += bytes;
        std::size_t whole = rest_.size(); // the last character may be incomplete
        for (std::size_t back = 1; back <= std::min<std::size_t>(3, rest_.size()); ++back) {
            const auto byte = static_cast<unsigned char>(rest_[rest_.size() - back]);
            if (byte >= 0xC0 && back < (byte >= 0xF0 ? 4u : byte >= 0xE0 ? 3u : 2u)) whole = rest_.size() - back;
            if ((byte & 0xC0) != 0x80) break;
        }
        write(rest_.substr(0, whole));
        rest_.erase(0, whole);
        if (Clock::now() - flushed_ < std::chrono::milliseconds(100)) return;
        std::fflush(stdout);
        flushed_ = Clock::now();
    }

private:
    using Clock = std::chrono::steady_clock;
    static void write(const std::string& text) { std::fputs(rondo::printable(text, "\n\t").c_str(), stdout); }

    std::string rest_;
    Clock::time_point flushed_ = Clock::now();
};

} // namespace common
