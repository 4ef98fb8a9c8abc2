// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/printable.hpp"
#include "../core/range.hpp"
#include "file.hpp"
#include "safetensors/header.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// A non-owning view of the tensors of a safetensors file in memory.
///
/// Every byte of the file is accounted for: the tensors are contiguous from the end of the header to the end of the
/// file. Elements are not checked; NaN is accepted.
///
/// Errors  format: a file that violates the format, or exceeds `limits`. Stricter than the reference implementation,
///         which accepts repeated names, unknown fields, a tensor as a list of its fields, and null for __metadata__.
/// Source  huggingface/safetensors, README.md and safetensors/src/tensor.rs.
class Safetensors {
public:
    Safetensors() = default;
    Safetensors(std::span<const std::byte> file, SafetensorsLimits limits, Error& error) noexcept {
        read(file, limits, "safetensors", error);
    }
    /// Error messages begin with `source`.
    Safetensors(std::span<const std::byte> file, SafetensorsLimits limits, const std::string& source,
                Error& error) noexcept {
        read(file, limits, source, error);
    }
    explicit Safetensors(std::span<const std::byte> file, SafetensorsLimits limits = {}) {
        or_fail([&](Error& error) { read(file, limits, "safetensors", error); });
    }

    /// All tensors, in the order of their data.
    std::span<const TensorInfo> tensors() const noexcept { return header_.tensors; }

    /// The tensor of that name, or null.
    const TensorInfo* find(std::string_view name) const noexcept {
        const auto name_at = [this](std::size_t i) { return std::string_view{header_.tensors[i].name}; };
        const auto found = range::lower_bound(header_.by_name, name, {}, name_at);
        return found == header_.by_name.end() || name_at(*found) != name ? nullptr : &header_.tensors[*found];
    }

    /// Like find; if there is no such tensor, the one that the metadata names as its alias: save_model of
    /// safetensors.torch writes these for tensors that share memory.
    const TensorInfo* find_shared(std::string_view name) const noexcept {
        constexpr int most = 8; // length of a chain of aliases; save_model writes two
        for (int k = 0; k < most; ++k) {
            if (const TensorInfo* const found = find(name)) return found;
            const auto other = range::find(metadata(), name, &Metadata::value_type::first);
            if (other == metadata().end()) break;
            name = other->second;
        }
        return nullptr;
    }

    /// The bytes of one of these tensors; aligned to its elements if the file is aligned and its header is padded.
    std::span<const std::byte> bytes(const TensorInfo& tensor) const noexcept {
        return data_.subspan(tensor.begin, tensor.end - tensor.begin);
    }

    const Metadata& metadata() const noexcept { return header_.metadata; }

protected:
    void read(std::span<const std::byte> file, SafetensorsLimits limits, const std::string& source,
              Error& error) noexcept {
        const bool good = no_throw(error, [&] {
            const std::string problem = read(file, limits);
            if (!problem.empty()) error = {Error::Kind::format, source + ": " + printable(problem)};
            return problem.empty();
        });
        if (!good) *this = {};
    }

private:
    std::string read(std::span<const std::byte> file, const SafetensorsLimits& limits) {
        constexpr std::size_t length_size = 8;
        if (file.size() < length_size) {
            return "the file has " + std::to_string(file.size()) + " bytes; the length of the header alone takes 8";
        }
        std::uint64_t length = 0;
        for (std::size_t i = length_size; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
        const std::size_t limit = detail::header_limit(limits);
        if (length > limit) {
            return "the header claims " + std::to_string(length) + " bytes; at most " + std::to_string(limit) +
                   " are allowed; is it a safetensors file?";
        }
        const auto rest = file.subspan(length_size);
        if (length > rest.size()) {
            return "the header claims " + std::to_string(length) + " bytes, but the file has only " +
                   std::to_string(rest.size()) + " more";
        }

        const auto header = rest.first(static_cast<std::size_t>(length));
        const std::string_view text{reinterpret_cast<const char*>(header.data()), header.size()};
        if (const std::size_t at = detail::invalid_utf8(text); at != text.npos) {
            return "header: byte " + std::to_string(at) + ": not UTF-8";
        }
        if (std::string problem = detail::read_safetensors_json(text, limits, header_); !problem.empty()) {
            return "header: " + problem;
        }
        data_ = rest.subspan(header.size());
        return detail::layout_problem(header_.tensors, data_.size());
    }

    detail::SafetensorsHeader header_;
    std::span<const std::byte> data_;
};

/// A safetensors file that owns its bytes. Movable, not copyable.
///
/// Errors  those of Safetensors; file: a file that cannot be read.
class SafetensorsFile : public Safetensors {
public:
    SafetensorsFile() = default;
    SafetensorsFile(const std::filesystem::path& path, SafetensorsLimits limits, Error& error) noexcept {
        read(path, limits, error);
    }
    explicit SafetensorsFile(const std::filesystem::path& path, SafetensorsLimits limits = {}) {
        or_fail([&](Error& error) { read(path, limits, error); });
    }

private:
    void read(const std::filesystem::path& path, SafetensorsLimits limits, Error& error) noexcept {
        Error problem;
        no_throw(problem, [&] {
            bytes_ = read_file(path, limits.file, problem);
            if (!problem) Safetensors::read(bytes_, limits, path.string(), problem);
        });
        if (!problem) return;
        bytes_ = {};
        error = std::move(problem);
    }

    Bytes bytes_;
};

} // namespace rondo::io
