// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "crc32c.hpp"
#include "file/mapping.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {
/// The layout of a file of tokens, all little-endian:
///
///   header   64 bytes: "RONDOTOK", the version 1, the bytes of a token (2 or 4), zeros
///   tokens   one after the other
///   checksums  the CRC-32C of each block of 65,536 bytes of tokens; the last block may be smaller
///   footer   the number of tokens (8 bytes), the vocabulary's size, the CRC-32C of header, checksums and these
struct TokenLayout {
    static constexpr std::size_t header_size = 64, block = 65536, footer_size = 16;
    static constexpr std::uint32_t version = 1;

    std::uint64_t tokens = 0;
    std::uint32_t width = 2, vocabulary = 0;

    static std::array<std::byte, header_size> header(std::uint32_t width) {
        std::array<std::byte, header_size> bytes{};
        std::memcpy(bytes.data(), "RONDOTOK", 8);
        std::memcpy(bytes.data() + 8, &version, 4);
        std::memcpy(bytes.data() + 12, &width, 4);
        return bytes;
    }
    std::array<std::byte, footer_size> footer(std::span<const std::uint32_t> checksums) const {
        std::array<std::byte, footer_size> bytes{};
        std::memcpy(bytes.data(), &tokens, 8);
        std::memcpy(bytes.data() + 8, &vocabulary, 4);
        std::uint32_t check = crc32c(header(width));
        check = crc32c(std::as_bytes(checksums), check);
        check = crc32c(std::span{bytes}.first(12), check);
        std::memcpy(bytes.data() + 12, &check, 4);
        return bytes;
    }
    std::uint64_t size() const { return tokens * width; } // in bytes
    std::uint64_t blocks() const { return (size() + block - 1) / block; }
};
}

/// A text of tokens in a file that may be larger than memory: see TokenFileWriter and `rondo tokenize`. TokenStreams
/// and TokenWindows read it as they read tokens in memory.
///
/// The file is mapped into memory; after about `resident` bytes of it are in use, its pages are given back to the
/// system. A block's checksum and its tokens are verified when the block is first read. One thread at a time.
///
/// Errors  file: those of MappedFile; format: a file that is not one of tokens or was changed, when it is opened; a
///         block that was changed, or has a token outside the vocabulary, when it is first read.
/// Memory  4 bytes and two bits for each 65,536 bytes of tokens; reading allocates nothing.
class TokenFile {
public:
    explicit TokenFile(std::filesystem::path path, std::size_t resident = std::size_t{256} << 20)
        : path_{std::move(path)}, resident_{resident} {
        Error error;
        file_ = MappedFile{path_, error};
        if (!error) error = open();
        if (error) fail(std::move(error));
    }

    TokenFile(TokenFile&& other) noexcept
        : path_{std::move(other.path_)}, file_{std::move(other.file_)}, layout_{std::exchange(other.layout_, {})},
          checksums_{std::move(other.checksums_)}, verified_{std::move(other.verified_)},
          in_use_{std::move(other.in_use_)}, resident_{other.resident_}, used_{other.used_} {}

    std::size_t size() const { return static_cast<std::size_t>(layout_.tokens); }
    /// Tokens are from 0 to below this.
    int vocabulary() const { return static_cast<int>(layout_.vocabulary); }

    /// Copies the tokens from `first` on.
    ///
    /// Errors  argument: tokens that the file does not have; format: a block that was changed.
    void copy(std::size_t first, std::span<int> to) {
        if (first > size() || to.size() > size() - first)
            fail(Error::Kind::argument, path_.string() + ": expected tokens up to " + std::to_string(size()) +
                                            ", got " + std::to_string(first) + " to " +
                                            std::to_string(first + to.size()));
        const std::size_t per_block = Layout::block / layout_.width;
        for (std::size_t done = 0; done < to.size();) {
            const std::size_t at = first + done, some = (std::min)(to.size() - done, per_block - at % per_block);
            use(at / per_block);
            const std::byte* const from = tokens() + at * layout_.width;
            if (layout_.width == 2) copy<std::uint16_t>(to.subspan(done, some), from);
            else copy<std::uint32_t>(to.subspan(done, some), from);
            done += some;
            if (used_ > resident_) release();
        }
    }

private:
    using Layout = detail::TokenLayout;

    const std::byte* tokens() const { return file_.bytes().data() + Layout::header_size; }
    template <class Number>
    static void copy(std::span<int> to, const std::byte* from) {
        for (int& token : to) {
            Number number{};
            std::memcpy(&number, from, sizeof number);
            token = static_cast<int>(number);
            from += sizeof number;
        }
    }
    Error bad(const std::string& what) const { return {Error::Kind::format, path_.string() + ": " + what}; }

    Error open() {
        const auto bytes = file_.bytes();
        if (bytes.size() < Layout::header_size + Layout::footer_size || std::memcmp(bytes.data(), "RONDOTOK", 8) != 0)
            return bad("expected a file of tokens, as `rondo tokenize` writes it");
        std::uint32_t version = 0;
        std::memcpy(&version, bytes.data() + 8, 4);
        std::memcpy(&layout_.width, bytes.data() + 12, 4);
        if (version != Layout::version) return bad("expected version 1, got " + std::to_string(version));
        if (layout_.width != 2 && layout_.width != 4)
            return bad("expected tokens of 2 or 4 bytes, got " + std::to_string(layout_.width));
        const std::byte* const footer = bytes.data() + bytes.size() - Layout::footer_size;
        std::memcpy(&layout_.tokens, footer, 8);
        std::memcpy(&layout_.vocabulary, footer + 8, 4);
        const std::size_t most = bytes.size() / layout_.width; // before a product could overflow
        if (layout_.tokens > most ||
            Layout::header_size + layout_.size() + 4 * layout_.blocks() + Layout::footer_size != bytes.size())
            return bad(std::to_string(layout_.tokens) + " tokens do not fit its " + std::to_string(bytes.size()) +
                       " bytes: it was cut off or changed");
        checksums_.resize(static_cast<std::size_t>(layout_.blocks()));
        if (!checksums_.empty()) std::memcpy(checksums_.data(), tokens() + layout_.size(), 4 * checksums_.size());
        if (std::memcmp(layout_.footer(checksums_).data(), footer, Layout::footer_size) != 0 ||
            std::memcmp(Layout::header(layout_.width).data(), bytes.data(), Layout::header_size) != 0)
            return bad("its header, checksums or footer were changed");
        if (layout_.vocabulary < 1 || layout_.vocabulary > 0x7FFFFFFF)
            return bad("expected a vocabulary of 1 token or more, got " + std::to_string(layout_.vocabulary));
        verified_.resize(checksums_.size());
        in_use_.resize(checksums_.size());
        return {};
    }
    void use(std::size_t k) {
        if (in_use_[k]) return;
        const auto size = static_cast<std::size_t>(layout_.size()), first = k * Layout::block,
                   count = (std::min)(Layout::block, size - first);
        file_.prefetch(Layout::header_size + first, count);
        if (!verified_[k]) verify_block(k, first, {tokens() + first, count});
        in_use_[k] = true; // after it is verified: a block that is refused once is refused again
        used_ += count;
    }
    void release() {
        file_.release();
        in_use_.assign(in_use_.size(), false);
        used_ = 0;
    }
    void verify_block(std::size_t k, std::size_t first, std::span<const std::byte> block) {
        const auto where = [&] {
            return "tokens " + std::to_string(first / layout_.width) + " to " +
                   std::to_string((first + block.size()) / layout_.width - 1);
        };
        if (crc32c(block) != checksums_[k]) fail(bad(where() + " were changed: checksum mismatch"));
        const bool inside = layout_.width == 2 ? all_inside<std::uint16_t>(block) : all_inside<std::uint32_t>(block);
        if (!inside)
            fail(bad(where() + ": expected tokens below " + std::to_string(layout_.vocabulary) + ", got a larger one"));
        verified_[k] = true;
    }
    template <class Number>
    bool all_inside(std::span<const std::byte> block) const {
        std::uint32_t largest = 0;
        for (std::size_t at = 0; at + sizeof(Number) <= block.size(); at += sizeof(Number)) {
            Number number{};
            std::memcpy(&number, block.data() + at, sizeof number);
            largest = (std::max)(largest, std::uint32_t{number});
        }
        return largest < layout_.vocabulary;
    }

    std::filesystem::path path_;
    MappedFile file_;
    Layout layout_;
    std::vector<std::uint32_t> checksums_;
    std::vector<bool> verified_, in_use_; // of the blocks; in_use_: since pages were given back
    std::size_t resident_, used_ = 0;     // bytes
};

} // namespace rondo::io
