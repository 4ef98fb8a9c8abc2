// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/data/alphabet.hpp>
#include <rondo/data/vocabulary.hpp>
#include <rondo/data/words.hpp>
#include <rondo/io/token_file_write.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tokenize {

using namespace rondo;

/// Reads a file piece by piece; it need not fit into memory. Calls f(piece); every five seconds, says(megabytes).
inline void each_piece(const std::string& path, const std::function<void(std::string_view)>& f,
                       const std::function<void(std::uint64_t)>& says) {
    const auto refuse = [&] {
        fail(Error::Kind::file, "cannot read " + path + ": " + io::detail::system_reason().message());
    };
    std::error_code unknown; // opening says the same
    if (std::filesystem::is_directory(path, unknown))
        fail(Error::Kind::file, "cannot read " + path + ": it is a folder; expected a file");
    errno = 0;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"), &std::fclose};
    if (!file) refuse();
    std::string piece(1 << 20, '\0');
    auto said = std::chrono::steady_clock::now();
    std::uint64_t done = 0;
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
        f(std::string_view{piece}.substr(0, count));
        done += count;
        if (const auto now = std::chrono::steady_clock::now(); now - said > std::chrono::seconds{5}) {
            said = now;
            says(done / 1'000'000);
        }
    }
    if (std::ferror(file.get()) != 0) refuse();
}

/// The bytes of a text as tokens 0 to 255, those of byte_alphabet. Returns how many.
inline std::uint64_t bytes(const std::string& text, const std::string& out,
                           const std::function<void(std::uint64_t)>& says) {
    io::TokenFileWriter writer{out, byte_alphabet.size};
    std::uint64_t count = 0;
    std::vector<int> tokens;
    const auto add = [&](std::string_view piece) {
        tokens.assign(piece.size(), 0);
        for (std::size_t k = 0; k < piece.size(); ++k) tokens[k] = static_cast<unsigned char>(piece[k]);
        writer.add(tokens);
        count += tokens.size();
    };
    each_piece(text, add, says);
    writer.finish();
    return count;
}

/// The words of a text as tokens of a vocabulary.
inline std::uint64_t words(const std::string& text, const std::string& out, const std::string& vocabulary,
                           Punctuation punctuation, const std::function<void(std::uint64_t)>& says) {
    const Vocabulary known = Vocabulary::load(vocabulary);
    io::TokenFileWriter writer{out, static_cast<int>(known.size())};
    std::uint64_t count = 0;
    std::string rest; // of a word that may go on in the next piece
    const auto add = [&](std::string_view lines) {
        const std::vector<int> tokens = known.tokens(rondo::words(lines, punctuation));
        writer.add(tokens);
        count += tokens.size();
    };
    const auto add_piece = [&](std::string_view piece) {
        rest += piece;
        const std::size_t end = rest.find_last_of(" \t\n\v\f\r") + 1; // 0: no word has ended
        add(std::string_view{rest}.substr(0, end));
        rest.erase(0, end);
    };
    each_piece(text, add_piece, says);
    add(rest);
    writer.finish();
    return count;
}

} // namespace tokenize
