// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "token_file.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Writes a file of tokens, which need not fit into memory: see TokenFile. Tokens have 16 bits if the vocabulary fits.
///
///   io::TokenFileWriter writer{"book.tokens", byte_alphabet.size};
///   writer.add(tokens);                                                       // any number of times
///   writer.finish();
///
/// The file is written as PATH.part and renamed by finish; without finish, the destructor removes it.
///
/// Errors  argument: a vocabulary below 1, a token outside it, add after finish; file: it cannot be written or renamed.
/// Memory  one block of 65,536 bytes, and 4 bytes for each block of the file.
class TokenFileWriter {
public:
    TokenFileWriter(std::filesystem::path path, int vocabulary) : path_{std::move(path)}, part_{path_} {
        if (vocabulary < 1)
            fail(Error::Kind::argument,
                 "rondo::io::TokenFileWriter: vocabulary: expected 1 or more, got " + std::to_string(vocabulary));
        part_ += ".part";
        layout_.vocabulary = static_cast<std::uint32_t>(vocabulary);
        layout_.width = vocabulary <= 65536 ? 2 : 4;
        block_.reserve(Layout::block);
        errno = 0;
        file_.reset(std::fopen(part_.string().c_str(), "wb"));
        if (!file_) refuse();
        write(Layout::header(layout_.width));
    }
    ~TokenFileWriter() {
        if (!file_) return;
        file_.reset();
        std::error_code ignored;
        std::filesystem::remove(part_, ignored);
    }
    TokenFileWriter(const TokenFileWriter&) = delete;
    TokenFileWriter& operator=(const TokenFileWriter&) = delete;

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
        write(std::as_bytes(std::span{checks_}));
        write(layout_.footer(checks_));
        errno = 0;
        if (std::fflush(file_.get()) != 0) refuse();
        std::FILE* const last = file_.release();
        std::error_code reason;
        errno = 0;
        if (std::fclose(last) != 0) reason = detail::system_reason();
        else std::filesystem::rename(part_, path_, reason);
        if (reason) refuse(reason);
    }

private:
    using Layout = detail::TokenLayout;

    [[noreturn]] void refuse(std::error_code reason = detail::system_reason()) {
        file_.reset();
        std::error_code ignored;
        std::filesystem::remove(part_, ignored);
        fail(Error::Kind::file, "cannot write " + path_.string() + ": " + reason.message());
    }
    void write(std::span<const std::byte> bytes) {
        errno = 0;
        if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) refuse();
    }
    void write_block() {
        checks_.push_back(crc32c(block_));
        write(block_);
        block_.clear();
    }

    std::filesystem::path path_, part_;
    detail::portable::File file_;
    Layout layout_;
    std::vector<std::byte> block_;
    std::vector<std::uint32_t> checks_;
};

} // namespace rondo::io
