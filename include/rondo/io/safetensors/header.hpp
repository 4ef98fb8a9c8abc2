// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "../dtype.hpp"
#include "../file.hpp"
#include "../json.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Limits for untrusted files. The format itself allows headers of up to 100 000 000 bytes.
struct SafetensorsLimits {
    std::size_t header = 1'000'000; // bytes
    std::size_t rank = 8;
    std::size_t name = 256;           // bytes of the name of a tensor or of a metadata entry, 12 or more
    std::size_t file = default_limit; // bytes
};

/// The location of a tensor: bytes [begin, end) of the data that follow the header, row-major.
struct TensorInfo {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::size_t> shape;
    std::size_t begin = 0, end = 0;
    bool operator==(const TensorInfo&) const = default;
};

/// Names and values, in the order of the file.
using Metadata = std::vector<std::pair<std::string, std::string>>;

namespace detail {

constexpr std::size_t header_limit(const SafetensorsLimits& limits) noexcept {
    return std::min<std::size_t>(limits.header, 100'000'000);
}

struct SafetensorsHeader {
    Metadata metadata;
    std::vector<TensorInfo> tensors;
    std::vector<std::size_t> by_name; // positions in tensors
};

/// The positions of `items`, ordered by name_of(item).
template <class Items, class Name>
std::vector<std::size_t> order_by_name(const Items& items, Name name) {
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    range::sort_positions(order, [&](std::size_t a, std::size_t b) {
        return std::string_view{name(items[a])} < std::string_view{name(items[b])};
    });
    return order;
}

/// The first of two items of the same name, in the order of order_by_name, or null.
template <class Items, class Name>
auto find_duplicate(const Items& items, const std::vector<std::size_t>& order, Name name) -> decltype(&items[0]) {
    const auto name_at = [&](std::size_t i) { return std::string_view{name(items[i])}; };
    const auto same = range::adjacent_find(order, {}, name_at);
    return same == order.end() ? nullptr : &items[*same];
}

/// "[2,3]"
inline std::string list(std::span<const std::size_t> shape) {
    std::string text{'['};
    for (const std::size_t extent : shape) (text += text.size() > 1 ? "," : "") += std::to_string(extent);
    return text += ']';
}

/// "F32 [2,3]"
inline std::string describe(DType dtype, std::span<const std::size_t> shape) {
    return std::string{name_of(dtype)} + ' ' + list(shape);
}

/// Sets `bytes` to the size of a tensor; returns the problem with it, or an empty string.
inline std::string size_problem(DType dtype, std::span<const std::size_t> shape, std::size_t& bytes) {
    std::size_t bits = 1;
    const auto fits_times = [&bits](std::size_t factor) {
        if (factor != 0 && bits > (std::numeric_limits<std::size_t>::max)() / factor) return false;
        bits *= factor;
        return true;
    };
    if (!range::all_of(shape, fits_times) || !fits_times(bits_of(dtype))) {
        return describe(dtype, shape) + " has more bits than can be counted";
    }
    if (bits % 8 != 0) return describe(dtype, shape) + " takes " + std::to_string(bits) + " bits, no whole bytes";
    bytes = bits / 8;
    return {};
}

inline TensorInfo read_tensor(JsonReader& json, const std::string& name, const SafetensorsLimits& limits) {
    TensorInfo tensor{.name = name, .shape = {}};
    constexpr std::string_view fields[] = {"dtype", "shape", "data_offsets"};
    bool seen[3] = {};
    const auto refuse = [&](const std::string& what) { json.refuse("tensor " + json_string(name) + ' ' + what); };

    constexpr std::size_t word = 16; // longer than the format's keywords
    json.object(word, [&](const std::string& field) {
        const auto which = static_cast<std::size_t>(range::find(fields, field) - fields);
        if (which == 3) return refuse("has the unknown field " + json_string(field));
        if (std::exchange(seen[which], true)) return refuse("has two fields " + json_string(field));
        if (field == "dtype") {
            const std::string dtype = json.string(word);
            if (const auto known = dtype_named(dtype)) tensor.dtype = *known;
            else refuse("has the unknown dtype " + json_string(dtype));
        } else if (field == "shape") {
            json.array(limits.rank, [&] { tensor.shape.push_back(json.whole()); });
        } else {
            std::size_t count = 0, offsets[2] = {};
            json.array(2, [&] { offsets[count++] = json.whole(); });
            if (count != 2) refuse("has " + std::to_string(count) + " data_offsets; expected 2");
            tensor.begin = offsets[0];
            tensor.end = offsets[1];
        }
    });
    for (std::size_t i = 0; i < 3; ++i) {
        if (!seen[i]) refuse("has no field " + json_string(fields[i]));
    }
    return tensor;
}

/// Orders tensors by their data; those of zero bytes may have equal offsets, so the name is another key.
inline void order_by_data(std::vector<TensorInfo>& tensors) {
    std::vector<std::size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    range::sort_positions(order, [&](std::size_t a, std::size_t b) {
        const TensorInfo &x = tensors[a], &y = tensors[b];
        if (x.begin != y.begin) return x.begin < y.begin;
        return x.end != y.end ? x.end < y.end : x.name < y.name;
    });
    std::vector<TensorInfo> ordered(tensors.size());
    for (std::size_t k = 0; k < order.size(); ++k) ordered[k] = std::move(tensors[order[k]]);
    tensors.swap(ordered);
}

/// Reads the JSON of a header, which must be UTF-8; returns the problem with it, or an empty string.
[[gnu::cold]] inline std::string read_safetensors_json(std::string_view text, const SafetensorsLimits& limits,
                                                       SafetensorsHeader& header) {
    JsonReader json{text};
    bool has_metadata = false;
    json.object(std::max<std::size_t>(limits.name, 12), [&](const std::string& name) { // "__metadata__" has 12 bytes
        if (name != "__metadata__") return header.tensors.push_back(read_tensor(json, name, limits));
        if (std::exchange(has_metadata, true)) return json.refuse("__metadata__ comes twice");
        json.object(limits.name,
                    [&](const std::string& key) { header.metadata.emplace_back(key, json.string(text.size())); });
    });
    json.end();
    if (!json.ok()) return json.problem();

    order_by_data(header.tensors);
    const auto tensor_name = [](const TensorInfo& tensor) -> auto& { return tensor.name; };
    header.by_name = order_by_name(header.tensors, tensor_name);
    if (const auto* twice = find_duplicate(header.tensors, header.by_name, tensor_name)) {
        return "tensor " + json_string(twice->name) + " comes twice";
    }
    const auto key = [](const auto& entry) -> auto& { return entry.first; };
    if (const auto* twice = find_duplicate(header.metadata, order_by_name(header.metadata, key), key)) {
        return "metadata " + json_string(twice->first) + " comes twice";
    }
    return {};
}

/// Checks that the tensors, in the order of their data, fill `size` bytes without gaps; returns the problem, or an
/// empty string.
inline std::string layout_problem(std::span<const TensorInfo> tensors, std::size_t size) {
    std::size_t end = 0;
    for (const TensorInfo& tensor : tensors) {
        const std::string name = "tensor " + json_string(tensor.name);
        if (tensor.begin != end) {
            return name + " begins at byte " + std::to_string(tensor.begin) + " of the data; expected " +
                   std::to_string(end);
        }
        if (tensor.end < tensor.begin) {
            return name + " ends at byte " + std::to_string(tensor.end) + " of the data, before its begin at " +
                   std::to_string(tensor.begin);
        }
        end = tensor.end;
        std::size_t bytes = 0;
        if (const std::string problem = size_problem(tensor.dtype, tensor.shape, bytes); !problem.empty()) {
            return name + ": " + problem;
        }
        if (bytes != tensor.end - tensor.begin) {
            return name + ": " + describe(tensor.dtype, tensor.shape) + " takes " + std::to_string(bytes) +
                   " bytes, but its data_offsets hold " + std::to_string(tensor.end - tensor.begin);
        }
    }
    if (end == size) return {};
    return "the tensors take " + std::to_string(end) + " bytes, but " + std::to_string(size) + " follow the header";
}

} // namespace detail

} // namespace rondo::io
