// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/error.hpp"
#include "../file.hpp"
#include "tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Returns the bytes of a file with external data, given its location in the model; empty if there is no such file. The
/// bytes must stay valid until the model is read.
using OnnxExternal = std::function<std::span<const std::byte>(std::string_view location)>;

namespace detail {

/// Whether a path without links is within a folder.
inline bool within(const std::filesystem::path& path, const std::filesystem::path& folder) {
    return !folder.empty() &&
           std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// The files with a model's external data, each read once: files in the model's folder, or bytes from the caller.
///
/// The model is untrusted input: a location must be a relative path without "..", and links must not lead out of the
/// model's folder, or, if the model's path is a link, out of the folder of its target.
class OnnxFiles {
public:
    OnnxFiles() = default;
    /// model  its path, or empty
    /// limit  total size of all files in bytes
    OnnxFiles(const std::filesystem::path& model, const OnnxExternal& given, std::size_t limit)
        : model_{&model}, given_{&given}, limit_{limit} {}

    /// Finds a file's bytes; `fresh` is their number if the file was not requested before. Returns an error message,
    /// empty on success.
    std::string find(std::string_view location, Message& result, std::size_t& fresh) {
        fresh = 0;
        const auto found = found_.find(location);
        if (found != found_.end()) return result = found->second, std::string{};
        if (given_ != nullptr && *given_) {
            result = (*given_)(location);
            if (result.empty()) {
                kind_ = Error::Kind::file;
                return "keeps its numbers in " + quoted(location) + ", for which OnnxOptions::external has nothing";
            }
        } else if (model_ == nullptr || model_->empty()) {
            return "keeps its numbers in another file, " + quoted(location) +
                   "; read the model by its path, or give that file's bytes by OnnxOptions::external";
        } else if (std::string problem = read(location, result); !problem.empty()) {
            return problem;
        }
        found_.emplace(location, result);
        size_ += fresh = result.size();
        return {};
    }
    /// The size of all files so far.
    std::size_t size() const { return size_; }
    /// The files stay for another reading of the model.
    void restart() { kind_ = Error::Kind::format; }
    /// The kind of a problem: file, if a file could not be read.
    Error::Kind kind() const { return kind_; }

private:
    std::string refuse(const Error& problem) {
        kind_ = problem.kind;
        return "keeps its numbers in another file: " + problem.message;
    }
    std::string read(std::string_view location, Message& result) {
        const std::filesystem::path path{std::u8string{location.begin(), location.end()}};
        bool down = !path.has_root_path() && location.find_first_of(std::string_view{"\\\0", 2}) == location.npos;
        for (const auto& part : path) down = down && part != "..";
        if (!down) return "keeps its numbers in " + quoted(location) + "; expected a path from the model's folder down";
        const auto folder = model_->has_parent_path() ? model_->parent_path() : std::filesystem::path{"."};
        const auto named = folder / path;
        std::error_code reason, unknown;
        Error problem;
        const auto target = std::filesystem::canonical(named, reason);
        if (reason) return FileProblem{"read", named, problem}(reason), refuse(problem);
        if (!within(target, std::filesystem::canonical(folder, unknown)) &&
            !within(target, std::filesystem::canonical(*model_, unknown).parent_path()))
            return "keeps its numbers in " + quoted(location) + ", which is a link out of the model's folder";
        Bytes bytes = read_file(target, limit_, problem);
        if (problem) return refuse(problem);
        limit_ -= bytes.size();
        result = bytes_.emplace_back(std::move(bytes));
        return {};
    }

    const std::filesystem::path* model_ = nullptr;
    const OnnxExternal* given_ = nullptr;
    std::size_t limit_ = no_limit, size_ = 0;
    std::map<std::string_view, Message> found_;
    std::vector<Bytes> bytes_;
    Error::Kind kind_ = Error::Kind::format;
};

} // namespace detail

} // namespace rondo::io
