// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "file.hpp"
#include "token_file.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Writes a file of tokens, which need not fit into memory: see TokenFile. Tokens have 16 bits if the vocabulary fits.
///
///   io::TokenFileWriter writer{"book.tokens", byte_alphabet.size};
///   writer.add(tokens);                                                       // any number of times
///   writer.finish();
///
/// The file is written beside PATH, as by write_file, and replaces it in finish; without finish, PATH stays.
///
/// Errors  argument: a vocabulary below 1, a token outside it, add after finish; file: those of write_file.
/// Memory  one block of 65,536 bytes, and 4 bytes for each block of the file.
class TokenFileWriter {
public:
    TokenFileWriter(const std::filesystem::path& path, int vocabulary) {
        if (vocabulary < 1)
            fail(Error::Kind::argument,
                 "rondo::io::TokenFileWriter: vocabulary: expected 1 or more, got " + std::to_string(vocabulary));
        layout_.vocabulary = static_cast<std::uint32_t>(vocabulary);
        layout_.width = vocabulary <= 65536 ? 2 : 4;
        block_.reserve(Layout::block);
        or_fail([&](Error& error) { file_.emplace(path, error); });
        write(Layout::header(layout_.width));
    }

    void add(std::span<const int> tokens) {
        if (!file_) fail(Error::Kind::argument, "rondo::io::TokenFileWriter: add after finish");
        for (const int token : tokens) {
            if (token < 0 || static_cast<std::uint32_t>(token) >= layout_.vocabulary)
                fail(Error::Kind::argument, "rondo::io::TokenFileWriter: expected tokens from 0 to below " +
                                                std::to_string(layout_.vocabulary) + ", got " + std::to_string(token));
            std::array<std::byte, 4> bytes{};
            std::memcpy(bytes.data(), &token, 4); // the low bytes come first
            block_.insert(block_.end(), bytes.begin(), bytes.begin() + layout_.width);
            ++layout_.tokens;
            if (block_.size() == Layout::block) write_block();
        }
    }
    void finish() {
        if (!file_) fail(Error::Kind::argument, "rondo::io::TokenFileWriter: finish twice");
        if (!block_.empty()) write_block();
        write(std::as_bytes(std::span{checksums_}));
        write(layout_.footer(checksums_));
        or_fail([&](Error& error) { file_->finish(error); });
        file_.reset();
    }

private:
    using Layout = detail::TokenLayout;

    void write(std::span<const std::byte> bytes) {
        or_fail([&](Error& error) { file_->write(bytes, error); });
    }
    void write_block() {
        checksums_.push_back(crc32c(block_));
        write(block_);
        block_.clear();
    }

    std::optional<detail::system::Replacement> file_; // none after finish
    Layout layout_;
    std::vector<std::byte> block_;
    std::vector<std::uint32_t> checksums_;
};

} // namespace rondo::io
