// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/error.hpp"
#include "../bytes.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

inline std::error_code system_reason() noexcept { return {errno != 0 ? errno : EIO, std::generic_category()}; }

/// Sets an Error about reading or writing a file, which names the file.
class FileProblem {
public:
    FileProblem(const char* action, const std::filesystem::path& path, Error& error)
        : action_{action}, path_{path}, error_{error} {}

    Bytes operator()(const std::string& reason, Error::Kind kind = Error::Kind::file) const {
        error_ = {kind, std::string{"cannot "} + action_ + ' ' + path_.string() + ": " + reason};
        return {};
    }
    Bytes operator()(const std::error_code& reason) const { return (*this)(reason.message()); }
    Bytes not_regular() const { return (*this)("it is not a regular file"); }
    Bytes read_only() const { return (*this)("it is read-only"); }
    Bytes too_large(std::uintmax_t size, std::size_t limit) const {
        return (*this)("it has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are allowed");
    }
    Bytes no_memory(std::uintmax_t size) const {
        return (*this)("no memory for its " + std::to_string(size) + " bytes", Error::Kind::memory);
    }
    Bytes resized() const { return (*this)("its size changed while it was read"); }

private:
    const char* action_;
    const std::filesystem::path& path_;
    Error& error_;
};

} // namespace rondo::io::detail
