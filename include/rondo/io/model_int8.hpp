// SPDX-License-Identifier: MIT
#pragma once

#include "model.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// A network's tensors as they are saved in int8. Compiled once for all networks.
class Int8Tensors {
public:
    template <class S>
    void add(std::span<const ParameterSpec> tensors, std::span<const S> values,
             std::span<const std::string_view> kept) {
        for (std::size_t k = 0; k < tensors.size(); ++k) {
            const ParameterSpec& t = tensors[k];
            const std::string name{t.name.view()};
            if (!int8::stored(t) || keeps(name, kept)) {
                floats_.add("", tensors.subspan(k, 1), values.data());
                continue;
            }
            auto& integers = integers_.emplace_back(t.size());
            auto& scales = scales_.emplace_back(std::size_t(t.rows));
            const auto columns = std::size_t(t.columns);
            for (std::size_t row = 0; row < scales.size(); ++row) {
                const S* const from = values.data() + t.offset + row * columns;
                scales[row] = int8::scale_of_row([&](std::size_t n) { return from[n]; }, columns);
                for (std::size_t n = 0; n < columns; ++n)
                    integers[row * columns + n] = int8::of(float(from[n]), scales[row]);
            }
            add(name, io::DType::I8, shape_of(t), std::as_bytes(std::span{integers}));
            add(scales_name(name), io::DType::F32, {scales.size()}, std::as_bytes(std::span{scales}));
        }
    }
    std::vector<io::TensorData> data() const {
        std::vector<io::TensorData> all = floats_.data();
        for (std::size_t k = 0; k < names_.size(); ++k) all.push_back({names_[k], types_[k], shapes_[k], bytes_[k]});
        return all;
    }

private:
    /// Whether a layer, or a network, whose tensor this is has one of these names.
    static bool keeps(std::string_view tensor, std::span<const std::string_view> kept) {
        const std::string path = "." + std::string{tensor};
        for (const std::string_view name : kept)
            if (path.find("." + std::string{name} + ".") != path.npos) return true;
        return false;
    }
    void add(const std::string& name, io::DType type, std::vector<std::size_t> shape,
             std::span<const std::byte> bytes) {
        names_.push_back(name);
        types_.push_back(type);
        shapes_.push_back(std::move(shape));
        bytes_.push_back(bytes);
    }

    NamedTensors<float> floats_;
    std::deque<std::vector<std::int8_t>> integers_; // stay where they are
    std::deque<std::vector<float>> scales_;
    std::deque<std::string> names_;
    std::vector<io::DType> types_;
    std::deque<std::vector<std::size_t>> shapes_;
    std::vector<std::span<const std::byte>> bytes_;
};

inline void save_model_int8(std::span<const ParameterSpec> tensors, std::span<const float> values,
                            const std::filesystem::path& path, const io::Metadata& metadata,
                            std::span<const std::string_view> kept, Error& error) noexcept {
    no_throw(error, [&] {
        if (Error problem = finite_problem(tensors, values.data(), path.string(), {}))
            return void(error = std::move(problem));
        Int8Tensors all;
        all.add(tensors, values, kept);
        io::Metadata more = kinds_of(tensors);
        for (const auto& [key, value] : metadata) more.emplace_back(key, std::string{value});
        io::write_safetensors(path, all.data(), more, limits_of(values.size() * sizeof(float)), error);
    });
}
}

/// Writes a model's parameters as safetensors with matrices in int8: of NAME the integers, I8, and NAME.scale with the
/// scales of its rows, F32. `load` with TensorNames::convert reads the file, and `Packed` with weights in int8 then has
/// the integers and scales of the file. Layers whose names are in `kept`, smaller matrices and all other tensors are
/// F32.
///
/// Errors  those of save.
template <class Net, Backend B>
    requires std::same_as<typename B::scalar, float>
void save_int8(const Model<Net, B>& model, const std::filesystem::path& path, std::span<const std::string_view> kept,
               const io::Metadata& metadata, Error& error) noexcept {
    no_throw(error, [&] { detail::save_model_int8(Net::tensors, model.values(), path, metadata, kept, error); });
}
template <class Net, Backend B>
    requires std::same_as<typename B::scalar, float>
void save_int8(const Model<Net, B>& model, const std::filesystem::path& path,
               std::span<const std::string_view> kept = {}, const io::Metadata& metadata = {}) {
    or_fail([&](Error& error) { save_int8(model, path, kept, metadata, error); });
}

} // namespace rondo
