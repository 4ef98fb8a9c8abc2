// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#if defined(__unix__) || defined(__APPLE__)
#define RONDO_HAS_POSIX_FILES 1

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// Files by POSIX. Paths are strings here, since libstdc++'s path::replace_filename terminates if an allocation fails.

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail::posix {

/// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call&& call) {
    for (;;) {
        errno = 0;
        const auto result = call();
        if (result != -1 || errno != EINTR) return result;
    }
}

/// An open file descriptor, which the destructor closes.
class OpenFile {
public:
    OpenFile() = default;
    OpenFile(const char* path, int flags, ::mode_t mode = 0)
        : number_{uninterrupted([&] { return ::open(path, flags | O_CLOEXEC, mode); })} {}
    OpenFile(OpenFile&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    OpenFile& operator=(OpenFile&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~OpenFile() {
        if (number_ >= 0) ::close(number_);
    }

    explicit operator bool() const { return number_ >= 0; }
    int number() const { return number_; }
    bool lock() const { return ::flock(number_, LOCK_EX | LOCK_NB) == 0; }

private:
    int number_ = -1;
};

inline Bytes read_file(const std::filesystem::path& path, std::size_t limit, Error& error) {
    const FileProblem refuse{"read", path, error};
    struct ::stat facts{};
    errno = 0;
    if (::stat(path.c_str(), &facts) != 0) return refuse(system_reason());
    if (!S_ISREG(facts.st_mode)) return refuse.not_regular(); // opening a device could have side effects
    // The path may have changed since: the opened file is checked again, and O_NONBLOCK does not wait for a pipe.
    const OpenFile file{path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY};
    if (!file || ::fstat(file.number(), &facts) != 0) return refuse(system_reason());
    if (!S_ISREG(facts.st_mode)) return refuse.not_regular();
    const auto size = static_cast<std::uintmax_t>(facts.st_size);
    if (size > limit) return refuse.too_large(size, limit);
    Bytes bytes{static_cast<std::size_t>(size)};
    if (bytes.size() != size) return refuse.no_memory(size);
    constexpr std::size_t at_once = std::size_t{1} << 30; // every system accepts this size in one call
    std::size_t done = 0;
    for (;;) {
        std::byte more{};
        const bool last = done == bytes.size();
        std::byte* const to = last ? &more : bytes.data() + done;
        const std::size_t wanted = last ? 1 : (std::min)(bytes.size() - done, at_once);
        const auto got = uninterrupted([&] { return ::read(file.number(), to, wanted); });
        if (got < 0) return refuse(system_reason());
        if (last && got == 0) return bytes;
        if (last || got == 0) return refuse.resized();
        done += static_cast<std::size_t>(got);
    }
}

inline std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "./" : path.substr(0, slash + 1);
}

/// Removes temporary files of killed writers from a folder. A running writer holds a lock on its file; on a file system
/// without locks nothing is removed.
inline void remove_left_over(const std::string& folder) {
    struct CloseFolder {
        void operator()(::DIR* open) const noexcept { ::closedir(open); }
    };
    const std::unique_ptr<::DIR, CloseFolder> open{::opendir(folder.c_str())};
    while (const ::dirent* const entry = open ? ::readdir(open.get()) : nullptr) {
        const std::string_view name{entry->d_name};
        if (!name.starts_with(".rondo-") || !name.ends_with(".tmp")) continue;
        const std::string path = folder + entry->d_name;
        const OpenFile file{path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW};
        struct ::stat facts{};
        if (file && ::fstat(file.number(), &facts) == 0 && S_ISREG(facts.st_mode) && file.lock())
            ::unlink(path.c_str());
    }
}

/// A locked temporary file with a unique name in a folder; the destructor removes it, unless it was renamed.
class Beside {
public:
    Beside(const std::string& folder, std::error_code& reason) {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        for (int attempt = 0; attempt < 100; ++attempt) {
            path_ = folder + ".rondo-" + std::to_string(::getpid()) + '-' + std::to_string(now + attempt) + ".tmp";
            file_ = OpenFile{path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666};
            reason = file_ ? std::error_code{} : system_reason();
            if (!file_ && reason == std::errc::file_exists) continue;
            // Between open and lock, another writer may have removed the file as a leftover.
            struct ::stat facts{};
            const bool taken = file_ && !file_.lock() && errno == EWOULDBLOCK;
            if (!file_ || (!taken && ::fstat(file_.number(), &facts) == 0 && facts.st_nlink > 0)) return;
            reason = std::make_error_code(std::errc::resource_unavailable_try_again);
        }
    }
    ~Beside() {
        if (file_ && !path_.empty()) ::unlink(path_.c_str());
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

    std::error_code write(std::span<const std::byte> bytes) const {
        constexpr std::size_t at_once = std::size_t{1} << 30;
        while (!bytes.empty()) {
            const auto some = bytes.first((std::min)(bytes.size(), at_once));
            const auto got = uninterrupted([&] { return ::write(file_.number(), some.data(), some.size()); });
            if (got < 0) return system_reason();
            bytes = bytes.subspan(static_cast<std::size_t>(got));
        }
        return {};
    }
    std::error_code flush() const {
        return uninterrupted([&] { return ::fsync(file_.number()); }) != 0 ? system_reason() : std::error_code{};
    }
    std::error_code permissions(::mode_t mode) const {
        errno = 0;
        return ::fchmod(file_.number(), mode & 07777) != 0 ? system_reason() : std::error_code{};
    }
    std::error_code rename_to(const std::string& target) {
        errno = 0;
        if (std::rename(path_.c_str(), target.c_str()) != 0) return system_reason();
        path_.clear();
        return {};
    }

private:
    std::string path_;
    OpenFile file_;
};

/// Resolves all symbolic links of a path; the last may lead to a file that does not exist.
inline std::error_code follow_links(std::string& path, bool& exists, struct ::stat& facts) {
    errno = 0;
    exists = ::stat(path.c_str(), &facts) == 0;
    if (!exists && errno != ENOENT) return system_reason(); // such as a cycle of links
    char link[4096];
    for (;;) {
        const auto size = ::readlink(path.c_str(), link, sizeof link);
        if (size < 0) return {};
        const std::string_view to{link, static_cast<std::size_t>(size)};
        if (to.size() == sizeof link) return std::make_error_code(std::errc::filename_too_long);
        path = to.starts_with('/') ? std::string{to} : folder_of(path).append(to);
    }
}

/// A file that is written beside its target, and then replaces it: see io::write_file.
class Replacement {
public:
    Replacement(const std::filesystem::path& path, Error& error) : path_{path}, target_{path.native()} { open(error); }

    void write(std::span<const std::byte> bytes, Error& error) const { keep(beside_->write(bytes), error); }
    void finish(Error& error) {
        std::error_code reason = beside_->flush();
        if (!reason) reason = beside_->rename_to(target_);
        if (keep(reason, error)) return;
        // Flushes the folder, which has the new name, if the system supports that.
        const OpenFile folder{folder_.c_str(), O_RDONLY};
        if (folder && ::fsync(folder.number()) != 0 && errno == EIO) keep(system_reason(), error);
    }

private:
    bool keep(std::error_code reason, Error& error) const {
        if (reason) FileProblem{"write", path_, error}(reason);
        return bool(reason);
    }
    void open(Error& error) {
        const FileProblem refuse{"write", path_, error};
        bool exists = false;
        struct ::stat facts{};
        if (const auto reason = follow_links(target_, exists, facts)) return void(refuse(reason));
        if (exists && !S_ISREG(facts.st_mode)) return void(refuse.not_regular());
        if (exists && (facts.st_mode & 0222) == 0) return void(refuse.read_only());
        errno = 0;
        if (exists && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0)
            return void(refuse(system_reason()));
        folder_ = folder_of(target_);
        remove_left_over(folder_);
        std::error_code reason;
        beside_.emplace(folder_, reason);
        if (!reason && exists) reason = beside_->permissions(facts.st_mode);
        keep(reason, error);
    }

    std::filesystem::path path_;
    std::string target_, folder_;  // made before the rename, after which nothing may fail
    std::optional<Beside> beside_; // there is one unless `open` failed
};

} // namespace rondo::io::detail::posix

#else
#define RONDO_HAS_POSIX_FILES 0
#endif
