// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <span>

// Files by the standard library only, for systems that are not POSIX.

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail::portable {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

inline Bytes read_file(const std::filesystem::path& path, std::size_t limit, Error& error) {
    const FileProblem refuse{"read", path, error};
    std::error_code reason;
    const auto status = std::filesystem::status(path, reason);
    if (!std::filesystem::exists(status)) return refuse(reason);
    if (!std::filesystem::is_regular_file(status)) return refuse.not_regular();
    errno = 0;
    const File file{std::fopen(path.string().c_str(), "rb")};
    if (!file) return refuse(system_reason());
    const long end = std::fseek(file.get(), 0, SEEK_END) == 0 ? std::ftell(file.get()) : -1;
    if (end < 0 || end == (std::numeric_limits<long>::max)()) return refuse(system_reason());
    std::rewind(file.get());
    const auto size = static_cast<std::uintmax_t>(end);
    if (size > limit) return refuse.too_large(size, limit);
    Bytes bytes{static_cast<std::size_t>(size)};
    if (bytes.size() != size) return refuse.no_memory(size);
    const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file.get());
    const bool more = got == bytes.size() && std::fgetc(file.get()) != EOF;
    if (std::ferror(file.get())) return refuse(system_reason());
    if (more || got != bytes.size()) return refuse.resized();
    return bytes;
}

/// A temporary file with a unique name in the folder of `target`; the destructor removes it, unless it was renamed.
class Beside {
public:
    Beside(const std::filesystem::path& target, std::error_code& reason) {
        auto number = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
        for (int attempt = 0; attempt < 100 && !file_; ++attempt, ++number) {
            path_ = target.parent_path() / (".rondo-" + std::to_string(number) + ".tmp");
            errno = 0;
            file_.reset(std::fopen(path_.string().c_str(), "wbx"));
            if (!file_ && (reason = system_reason()) != std::errc::file_exists) break;
        }
        if (file_) reason.clear();
        else path_.clear(); // the file belongs to another writer
    }
    ~Beside() {
        std::error_code ignored;
        file_.reset(); // some systems cannot remove an open file
        if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::error_code write(std::span<const std::byte> bytes) const {
        errno = 0;
        const bool written = bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
        return written ? std::error_code{} : system_reason();
    }
    std::error_code close() {
        errno = 0;
        return std::fclose(file_.release()) != 0 ? system_reason() : std::error_code{};
    }
    void rename_to(const std::filesystem::path& target, std::error_code& reason) {
        std::filesystem::rename(path_, target, reason);
        if (!reason) path_.clear();
    }

private:
    std::filesystem::path path_;
    File file_;
};

/// A file that is written beside its target, and then replaces it: see io::write_file.
class Replacement {
public:
    Replacement(const std::filesystem::path& path, Error& error) : path_{path}, target_{path} { open(error); }

    void write(std::span<const std::byte> bytes, Error& error) const { keep(beside_->write(bytes), error); }
    void finish(Error& error) {
        std::error_code reason = beside_->close();
        if (!reason) beside_->rename_to(target_, reason);
        keep(reason, error);
    }

private:
    void keep(std::error_code reason, Error& error) const {
        if (reason) FileProblem{"write", path_, error}(reason);
    }
    void open(Error& error) {
        using std::filesystem::perms;
        const FileProblem refuse{"write", path_, error};
        std::error_code reason;
        auto status = std::filesystem::symlink_status(target_, reason);
        for (int links = 0; std::filesystem::is_symlink(status); ++links) {
            if (links == 40) return void(refuse(std::make_error_code(std::errc::too_many_symbolic_link_levels)));
            target_ = target_.parent_path() / std::filesystem::read_symlink(target_, reason);
            if (reason) return void(refuse(reason));
            status = std::filesystem::symlink_status(target_, reason);
        }
        const bool exists = std::filesystem::exists(status);
        if (exists && !std::filesystem::is_regular_file(status)) return void(refuse.not_regular());
        constexpr perms writable = perms::owner_write | perms::group_write | perms::others_write;
        if (exists && (status.permissions() & writable) == perms::none) return void(refuse.read_only());
        beside_.emplace(target_, reason);
        if (!reason && exists) std::filesystem::permissions(beside_->path(), status.permissions(), reason);
        keep(reason, error);
    }

    std::filesystem::path path_, target_;
    std::optional<Beside> beside_; // there is one unless `open` failed
};

} // namespace rondo::io::detail::portable
