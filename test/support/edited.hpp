// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/safetensors.hpp>
#include <rondo/io/safetensors_write.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A safetensors file that a test changes and writes again.
struct EditedFile {
    struct Tensor {
        std::string name;
        rondo::io::DType dtype;
        std::vector<std::size_t> shape;
        std::vector<std::byte> bytes;
    };
    std::vector<Tensor> tensors;
    rondo::io::Metadata metadata;

    explicit EditedFile(const std::filesystem::path& path) {
        const rondo::io::SafetensorsFile file{path};
        metadata = file.metadata();
        for (const auto& t : file.tensors()) {
            const auto bytes = file.bytes(t);
            tensors.push_back({t.name, t.dtype, {t.shape.begin(), t.shape.end()}, {bytes.begin(), bytes.end()}});
        }
    }
    Tensor& operator[](std::string_view name) {
        const auto found = std::ranges::find(tensors, name, &Tensor::name);
        if (found == tensors.end()) throw std::runtime_error{"no tensor " + std::string{name}};
        return *found;
    }
    std::string& number(std::string_view name) {
        const auto found = std::ranges::find(metadata, name, [](const auto& entry) { return entry.first; });
        if (found == metadata.end()) throw std::runtime_error{"no number " + std::string{name}};
        return found->second;
    }
    void erase(std::string_view name) {
        std::erase_if(tensors, [&](const Tensor& t) { return t.name == name; });
        std::erase_if(metadata, [&](const auto& entry) { return entry.first == name; });
    }
    void write(const std::filesystem::path& path) const {
        std::vector<rondo::io::TensorData> data;
        for (const Tensor& t : tensors) data.push_back({t.name, t.dtype, t.shape, t.bytes});
        rondo::io::write_safetensors(path, data, metadata);
    }
};
