// SPDX-License-Identifier: MIT
#pragma once

#include "file/portable.hpp"
#include "file/posix.hpp"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {
#if RONDO_HAS_POSIX_FILES
namespace system = posix;
#else
namespace system = portable;
#endif
}

inline constexpr std::size_t no_limit = (std::numeric_limits<std::size_t>::max)();

/// How many bytes a file may have unless its reader is told otherwise: a file's size alone must not take all memory.
inline constexpr std::size_t default_limit = std::size_t{512} << 20;

/// The bytes of a regular file.
///
/// Errors  file: not there, not a regular file, not readable, larger than `limit` bytes, or resized meanwhile; memory.
inline Bytes read_file(const std::filesystem::path& path, std::size_t limit, Error& error) noexcept {
    return no_throw(error, [&] { return detail::system::read_file(path, limit, error); });
}
inline Bytes read_file(const std::filesystem::path& path, std::size_t limit = default_limit) {
    return or_fail([&](Error& error) { return read_file(path, limit, error); });
}

/// Writes a file anew, its parts one after the other: beside it first, then in its place.
///
/// Whatever fails or crashes, the file is either the old one or the new one; POSIX systems bring it and its name to the
/// disk. A writer that is killed may leave a `.rondo-*.tmp` beside the file, which the next one to write in that folder
/// removes (on POSIX systems; those of writers that live stay). The new file keeps the old one's permissions, not its
/// owner; its other names (hard links) keep the old content. Symbolic links are followed, even to a file that does not
/// exist yet.
///
/// Errors  file: a folder that is not there or not writable, a full disk, a file that is not a regular one or is
///         read-only, links that lead in a circle; memory.
inline void write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts,
                       Error& error) noexcept {
    no_throw(error, [&] { detail::system::write_file(path, parts, error); });
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
