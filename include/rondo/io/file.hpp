// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "bytes.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#if __has_include(<unistd.h>)
#include <sys/stat.h>
#include <unistd.h>
#define RONDO_HAS_POSIX_FILES 1
#else
#define RONDO_HAS_POSIX_FILES 0
#endif

namespace rondo::inline v0_1::io {

namespace detail {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

inline std::error_code system_reason() noexcept { return {errno != 0 ? errno : EIO, std::generic_category()}; }

inline Error file_error(const char* action, const std::filesystem::path& path, const std::string& reason) {
    return {Error::Kind::file, std::string{"cannot "} + action + ' ' + path.string() + ": " + reason};
}

/// The size of an open file, if it can be had. Its path may by now lead to another file.
inline std::optional<std::uintmax_t> size_of(std::FILE* file) noexcept {
#if RONDO_HAS_POSIX_FILES
    struct ::stat facts;
    if (::fstat(::fileno(file), &facts) != 0) return std::nullopt;
    return static_cast<std::uintmax_t>(facts.st_size);
#else
    const long size = std::fseek(file, 0, SEEK_END) == 0 ? std::ftell(file) : -1;
    if (size < 0) return std::nullopt;
    std::rewind(file);
    return static_cast<std::uintmax_t>(size);
#endif
}

/// Opens a new file of a name that nobody has, in the directory of `target`.
inline File open_beside(const std::filesystem::path& target, std::filesystem::path& path, std::error_code& reason) {
    auto number = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    for (int attempt = 0; attempt < 100; ++attempt, ++number) {
        path = target;
        path.replace_filename(".rondo-" + std::to_string(number) + ".tmp");
        errno = 0;
        if (File file{std::fopen(path.string().c_str(), "wbx")}) return file;
        reason = system_reason();
        if (reason != std::errc::file_exists) break;
    }
    return nullptr;
}

/// Writes, brings to the disk and closes.
inline std::error_code write_and_close(File file, std::span<const std::span<const std::byte>> parts) {
    errno = 0;
    for (const auto part : parts) {
        if (!part.empty() && std::fwrite(part.data(), 1, part.size(), file.get()) != part.size())
            return system_reason();
    }
    if (std::fflush(file.get()) != 0) return system_reason();
#if RONDO_HAS_POSIX_FILES
    if (::fsync(::fileno(file.get())) != 0) return system_reason();
#endif
    if (std::fclose(file.release()) != 0) return system_reason();
    return {};
}

} // namespace detail

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

/// The bytes of a regular file.
///
/// Errors  file: not there, not a regular file, not readable, larger than `limit` bytes, or resized meanwhile.
inline Bytes read_file(const std::filesystem::path& path, std::size_t limit, Error& error) noexcept {
    const auto refuse = [&](const std::string& reason) {
        error = detail::file_error("read", path, reason);
        return Bytes{};
    };
    std::error_code reason;
    const auto status = std::filesystem::status(path, reason);
    if (!std::filesystem::exists(status)) return refuse(reason.message());
    if (!std::filesystem::is_regular_file(status)) return refuse("it is not a regular file");
    errno = 0;
    const detail::File file{std::fopen(path.string().c_str(), "rb")};
    if (!file) return refuse(detail::system_reason().message());
    const auto size = detail::size_of(file.get());
    if (!size) return refuse(detail::system_reason().message());
    if (*size > limit) {
        return refuse("it has " + std::to_string(*size) + " bytes; at most " + std::to_string(limit) + " are allowed");
    }

    Bytes bytes{static_cast<std::size_t>(*size)};
    if (bytes.size() != *size) return refuse("no memory for its " + std::to_string(*size) + " bytes");
    errno = 0;
    const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file.get());
    const bool more = got == bytes.size() && std::fgetc(file.get()) != EOF;
    if (std::ferror(file.get())) return refuse(detail::system_reason().message());
    if (more || got != bytes.size()) return refuse("its size changed while it was read");
    return bytes;
}

inline Bytes read_file(const std::filesystem::path& path, std::size_t limit = no_limit) {
    return or_fail([&](Error& error) { return read_file(path, limit, error); });
}

/// Writes a file anew, its parts one after the other: beside it first, then in its place.
///
/// Whatever fails or crashes, the file is either the old one or the new one. The new one keeps the old one's
/// permissions; a symbolic link is followed.
///
/// Errors  file: a directory that is not there or not writable, a full disk, a file that is not a regular one.
inline void write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts,
                       Error& error) noexcept {
    std::error_code reason;
    const auto status = std::filesystem::status(path, reason);
    const bool exists = std::filesystem::exists(status);
    if (exists && !std::filesystem::is_regular_file(status)) {
        error = detail::file_error("write", path, "it is not a regular file");
        return;
    }
    reason.clear();
    auto target = exists ? std::filesystem::canonical(path, reason) : path;
    if (!exists && std::filesystem::is_symlink(std::filesystem::symlink_status(path, reason)))
        target = path.parent_path() / std::filesystem::read_symlink(path, reason);
    else if (!exists) reason.clear();
    std::filesystem::path beside;
    detail::File file = reason ? nullptr : detail::open_beside(target, beside, reason);
    if (!file) {
        error = detail::file_error("write", path, reason.message());
        return;
    }
    reason.clear();
    if (exists && std::filesystem::status(beside, reason).permissions() != status.permissions()) {
        std::filesystem::permissions(beside, status.permissions(), reason);
    }
    if (!reason) reason = detail::write_and_close(std::move(file), parts);
    if (!reason) std::filesystem::rename(beside, target, reason);
    if (!reason) return;
    error = detail::file_error("write", path, reason.message());
    file.reset();
    std::filesystem::remove(beside, reason);
}

inline void write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts) {
    or_fail([&](Error& error) { write_file(path, parts, error); });
}

inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes, Error& error) noexcept {
    write_file(path, std::span{&bytes, 1}, error);
}
inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    write_file(path, std::span{&bytes, 1});
}

} // namespace rondo::io
