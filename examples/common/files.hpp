// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/core/read_number.hpp>
#include <rondo/io/safetensors.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace common {

/// The path of a file beside another: the same name with another extension.
inline std::filesystem::path beside(std::filesystem::path file, const char* ending) {
    return file.replace_extension(ending);
}

/// A number in a file's metadata; 0 if it is missing.
inline std::int64_t number_in(const rondo::io::Metadata& metadata, std::string_view name) {
    std::int64_t number = 0;
    const auto found = std::ranges::find(metadata, name, &rondo::io::Metadata::value_type::first);
    if (found != metadata.end()) rondo::detail::read_number(found->second, number);
    return number;
}

/// Whether a file is a checkpoint, not a model.
inline bool is_checkpoint(const rondo::io::Safetensors& file) {
    return std::ranges::any_of(file.tensors(), [](const auto& t) { return t.name.starts_with("model."); }) &&
           std::ranges::any_of(file.metadata(), [](const auto& entry) { return entry.first == "steps"; });
}

/// Creates a folder and its parents.
inline void make_folder(const std::filesystem::path& path) {
    std::error_code problem;
    std::filesystem::create_directories(path, problem);
    if (problem)
        rondo::fail(rondo::Error::Kind::file, "cannot make the folder " + path.string() + ": " + problem.message());
}

/// Rejects files that cannot be written: a folder that cannot be created or written to, a path that is not a regular
/// file, less than `bytes` of free space. Creates the folders.
inline void check_writable(const std::vector<std::filesystem::path>& files, std::uintmax_t bytes) {
    namespace fs = std::filesystem;
    const auto refuse = [](const fs::path& file, const std::string& why) {
        rondo::fail(rondo::Error::Kind::file, "cannot write " + file.string() + ": " + why);
    };
    std::vector<fs::path> targets, folders;
    for (const fs::path& file : files) {
        std::error_code none;
        const fs::file_status there = fs::status(file, none);
        const fs::path target = fs::weakly_canonical(fs::absolute(file), none), folder = target.parent_path();
        if (none) refuse(file, none.message());
        if (std::ranges::find(targets, target) != targets.end())
            refuse(file, "the run writes another file of this name");
        targets.push_back(target);
        if (fs::exists(there) && !fs::is_regular_file(there)) refuse(file, "it is not a regular file");
        if (fs::exists(there) && ::access(file.c_str(), W_OK) != 0) refuse(file, "it is read-only");
        if (std::ranges::find(folders, folder) != folders.end()) continue;
        folders.push_back(folder);

        fs::create_directories(folder, none);
        if (none) refuse(file, none.message());
        const fs::path trial = folder / (".rondo-" + std::to_string(::getpid()) + ".trial");
        errno = 0;
        std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened{std::fopen(trial.c_str(), "wb"), &std::fclose};
        if (!opened) refuse(file, std::strerror(errno));
        const bool written = std::fputs("trial", opened.get()) >= 0 && std::fflush(opened.get()) == 0;
        const int reason = errno;
        fs::remove(trial, none);
        if (!written) refuse(file, std::strerror(reason));
        const fs::space_info space = fs::space(folder, none);
        if (!none && space.available < bytes)
            refuse(file, "the run needs " + std::to_string(bytes) + " bytes, its folder has " +
                             std::to_string(space.available) + " left");
    }
}

} // namespace common
