// SPDX-License-Identifier: MIT
#pragma once

#include "file.hpp"
#include "utf8.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Reads the text of a file of at most `limit` bytes.
///
/// Errors  file: a file that cannot be read; format: an empty file, or text that is not UTF-8, with the position of the
///         first invalid byte; memory.
inline std::string read_text(const std::filesystem::path& path, std::size_t limit, Error& error) noexcept {
    return no_throw(error, [&]() -> std::string {
        Error problem;
        const Bytes bytes = read_file(path, limit, problem);
        if (problem) return error = std::move(problem), std::string{};
        const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        const std::size_t wrong = detail::invalid_utf8(text);
        if (text.empty()) error = {Error::Kind::format, path.string() + ": expected a text, got an empty file"};
        else if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
            error = {Error::Kind::format, path.string() + ": expected UTF-8, got UTF-16"};
        else if (wrong != text.npos)
            error = {Error::Kind::format,
                     path.string() + ": expected UTF-8, but byte " + std::to_string(wrong) + " is not part of any"};
        else return std::string{text};
        return {};
    });
}
inline std::string read_text(const std::filesystem::path& path, Error& error) noexcept {
    return read_text(path, default_limit, error);
}
inline std::string read_text(const std::filesystem::path& path, std::size_t limit = default_limit) {
    return or_fail([&](Error& error) { return read_text(path, limit, error); });
}

} // namespace rondo::io
