// SPDX-License-Identifier: MIT
#pragma once

#include "portable.hpp"
#include "posix.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

#if RONDO_HAS_POSIX_FILES
#include <sys/mman.h>
#endif

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// The bytes of a regular file, mapped into memory: the system reads the pages that are used. Where there are no POSIX
/// files, all of it is read at once.
///
/// A file that another program shortens while it is mapped ends this program (SIGBUS); one that is replaced by a rename
/// does not.
///
/// Errors  file: missing, not a regular file, not readable, not mapped.
class MappedFile {
public:
    MappedFile() = default;
    MappedFile(MappedFile&& other) noexcept { swap(other); }
    MappedFile& operator=(MappedFile&& other) noexcept { return swap(other), *this; }

#if RONDO_HAS_POSIX_FILES
    MappedFile(const std::filesystem::path& path, Error& error) { map({"read", path, error}, path); }
    ~MappedFile() {
        if (!bytes_.empty()) ::munmap(address(), bytes_.size());
    }
    /// Starts to read some of the bytes, before they are used.
    void prefetch(std::size_t first, std::size_t count) const noexcept {
        static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t from = first / page * page;
        ::madvise(static_cast<std::byte*>(address()) + from, first - from + count, MADV_WILLNEED);
    }
    /// Gives the pages back to the system, which reads them again when they are used.
    void release() const noexcept {
        if (!bytes_.empty()) ::madvise(address(), bytes_.size(), MADV_DONTNEED);
    }
#else
    MappedFile(const std::filesystem::path& path, Error& error)
        : own_{detail::portable::read_file(path, static_cast<std::size_t>(-1), error)}, bytes_{own_} {}
    void prefetch(std::size_t, std::size_t) const noexcept {}
    void release() const noexcept {}
#endif

    std::span<const std::byte> bytes() const { return bytes_; }

private:
#if RONDO_HAS_POSIX_FILES
    void map(const detail::FileProblem& refuse, const std::filesystem::path& path) {
        const detail::posix::OpenFile file{path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY};
        struct ::stat facts{};
        if (!file || ::fstat(file.number(), &facts) != 0) return void(refuse(detail::system_reason()));
        if (!S_ISREG(facts.st_mode)) return void(refuse.not_regular());
        const auto size = static_cast<std::size_t>(facts.st_size);
        if (size == 0) return;
        void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
        if (data == MAP_FAILED) return void(refuse(detail::system_reason()));
        bytes_ = {static_cast<const std::byte*>(data), size};
        ::madvise(data, size, MADV_RANDOM); // the system reads nothing ahead but what prefetch asks for
    }
#endif
    void* address() const { return const_cast<std::byte*>(bytes_.data()); }
    void swap(MappedFile& other) noexcept {
        std::swap(own_, other.own_);
        std::swap(bytes_, other.bytes_);
    }

    Bytes own_;
    std::span<const std::byte> bytes_;
};

} // namespace rondo::io
