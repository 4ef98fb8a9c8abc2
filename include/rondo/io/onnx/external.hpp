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

/// The bytes of a file that a model keeps tensors in, by the name that the model has for it; none where there is no
/// such file. They must stay where they are until the model is read.
using OnnxExternal = std::function<std::span<const std::byte>(std::string_view location)>;

namespace detail {

/// Whether a path, of which nothing is a link, lies within a folder.
inline bool within(const std::filesystem::path& path, const std::filesystem::path& folder) {
    return !folder.empty() &&
           std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// The files that a model keeps tensors in, each read once: those of the model's own folder, or what a caller gives.
///
/// The model is not trusted: a path is one of names that go down from the folder, and links may not lead out of it, or
/// out of the folder that the model itself lies in where its path is a link.
class OnnxFiles {
public:
    OnnxFiles() = default;
    /// model  where it was read, or empty
    /// limit  bytes of all the files together
    OnnxFiles(const std::filesystem::path& model, const OnnxExternal& given, std::size_t limit)
        : model_{&model}, given_{&given}, limit_{limit} {}

    /// `fresh`: how many bytes were not asked for before. Returns what is wrong, or nothing.
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
        fresh = result.size();
        return {};
    }
    /// What a problem is: file, if a file could not be read.
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
        if (!down)
            return "keeps its numbers in " + quoted(location) + "; expected a path from the model's folder down";
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
    std::size_t limit_ = no_limit;
    std::map<std::string_view, Message> found_;
    std::vector<Bytes> bytes_;
    Error::Kind kind_ = Error::Kind::format;
};

} // namespace detail

} // namespace rondo::io
