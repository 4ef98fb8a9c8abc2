// SPDX-License-Identifier: MIT
#pragma once

#include "file/portable.hpp"
#include "file/posix.hpp"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {
#if RONDO_HAS_POSIX_FILES
namespace system = posix;
#else
namespace system = portable;
#endif
template <class Replacement>
void replace_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts, Error& error) {
    Error found;
    Replacement file{path, found};
    for (std::size_t k = 0; k < parts.size() && !found; ++k) file.write(parts[k], found);
    if (!found) file.finish(found);
    if (found) error = std::move(found);
}
}

inline constexpr std::size_t no_limit = (std::numeric_limits<std::size_t>::max)();

/// The default limit for the size of a file in bytes, so that an untrusted file cannot exhaust memory.
inline constexpr std::size_t default_limit = std::size_t{512} << 20;

/// Reads a regular file.
///
/// Errors  file: missing, not a regular file, not readable, larger than `limit` bytes, or resized while it is read;
///         memory.
inline Bytes read_file(const std::filesystem::path& path, std::size_t limit, Error& error) noexcept {
    return no_throw(error, [&] { return detail::system::read_file(path, limit, error); });
}
inline Bytes read_file(const std::filesystem::path& path, std::size_t limit = default_limit) {
    return or_fail([&](Error& error) { return read_file(path, limit, error); });
}

/// Replaces a file by the concatenation of `parts`, with an atomic rename of a temporary file in the same folder.
///
/// After any failure or crash, the file is either the old one or the new one; on POSIX systems file and folder are
/// flushed by fsync. A writer that is killed may leave a `.rondo-*.tmp` in the folder, which the next writer in that
/// folder removes (on POSIX systems; files of running writers are locked, and stay). The new file has the permissions
/// of the old one, but not its owner; other names of the old file (hard links) keep the old content. Symbolic links are
/// followed, even to a file that does not exist yet.
///
/// Errors  file: a folder that is missing or not writable, a full disk, a file that is not regular or is read-only, a
///         cycle of links; memory.
inline void write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts,
                       Error& error) noexcept {
    no_throw(error, [&] { detail::replace_file<detail::system::Replacement>(path, parts, error); });
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
