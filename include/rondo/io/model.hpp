// SPDX-License-Identifier: MIT
#pragma once

#include "../model/model.hpp"
#include "safetensors/parameters.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
// Compiled once for all networks.
template <Backend B>
void save_model(const ParameterBuffer<B>& model, std::span<const ParameterSpec> tensors,
                const std::filesystem::path& path, const io::Metadata& metadata, Error& error) noexcept {
    no_throw(error, [&] { save_tensors(tensors, model.values(), path, metadata, error); });
}
template <Backend B>
void save_model(const ParameterBuffer<B>& model, std::span<const ParameterSpec> tensors,
                const std::filesystem::path& path, const io::Metadata& metadata) {
    or_fail([&](Error& error) { save_model(model, tensors, path, metadata, error); });
}
template <Backend B, class File> // a path, or bytes
io::UnmatchedTensors load_model(ParameterBuffer<B>& model, std::span<const ParameterSpec> tensors, const File& file,
                                const io::TensorNames& names, Error& error) noexcept {
    io::UnmatchedTensors unmatched;
    no_throw(error, [&] {
        auto values = model.values();
        if (Error problem = load_tensors(tensors, values, file, names, unmatched)) error = std::move(problem);
        else model.assign(values);
    });
    return unmatched;
}
template <Backend B, class File>
io::UnmatchedTensors load_model(ParameterBuffer<B>& model, std::span<const ParameterSpec> tensors, const File& file,
                                const io::TensorNames& names) {
    return or_fail([&](Error& error) { return load_model(model, tensors, file, names, error); });
}
}

/// Writes a model's parameters as safetensors with PyTorch's state_dict names, with an atomic rename. The metadata
/// records what the tensors do not show: those of a GRUResetBefore under "reset_before"; the functions, the clip and
/// coupled gates of recurrent layers under "rondo.variants". The caller may add metadata, such as a description of the
/// training data, under other keys; keys that begin with "rondo." are reserved.
///
/// Errors  not_finite: a number that is NaN or infinite, which load would reject; file: the path and the system's
///         reason; argument: metadata with a repeated name, or that are not UTF-8. An existing file is unchanged then.
template <class Net, Backend B>
void save(const Model<Net, B>& model, const std::filesystem::path& path, const io::Metadata& metadata,
          Error& error) noexcept {
    detail::save_model(model, Net::tensors, path, metadata, error);
}
template <class Net, Backend B>
void save(const Model<Net, B>& model, const std::filesystem::path& path, Error& error) noexcept {
    save(model, path, io::Metadata{}, error);
}
template <class Net, Backend B>
void save(const Model<Net, B>& model, const std::filesystem::path& path, const io::Metadata& metadata = {}) {
    detail::save_model(model, Net::tensors, path, metadata);
}

/// Reads a model's parameters from safetensors: the file must have every tensor of the network, by name, and no other.
/// `names` maps names and types that differ. Of tied tensors, and of tensors that share memory, as save_model of
/// safetensors.torch writes them, the file may have any one. With `names.strict = false` the file may lack tensors,
/// which keep their values, and may have others: returns both, which are empty otherwise.
///
/// Errors  file, format, or mismatch: a tensor that is missing, surplus or of another shape or type, with both shapes
///         and types, or one of a recurrent layer of another kind; not_finite: a number that is NaN or infinite. The
///         model is unchanged then. The file is untrusted input.
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const std::filesystem::path& path, const io::TensorNames& names,
                          Error& error) noexcept {
    return detail::load_model(model, Net::tensors, path, names, error);
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const std::filesystem::path& path, Error& error) noexcept {
    return load(model, path, io::TensorNames{}, error);
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const std::filesystem::path& path, const io::TensorNames& names = {}) {
    return detail::load_model(model, Net::tensors, path, names);
}

/// The same from the bytes of a file.
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, std::span<const std::byte> file, const io::TensorNames& names,
                          Error& error) noexcept {
    return detail::load_model(model, Net::tensors, file, names, error);
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, std::span<const std::byte> file, Error& error) noexcept {
    return load(model, file, io::TensorNames{}, error);
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, std::span<const std::byte> file, const io::TensorNames& names = {}) {
    return detail::load_model(model, Net::tensors, file, names);
}

} // namespace rondo
