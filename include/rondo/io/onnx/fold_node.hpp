// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "walk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A node and its first input, which is a tensor of real numbers.
struct OnnxFold {
    OnnxWalk& walk;
    const OnnxNode& node;
    OnnxTensor x{};
    unsigned repeated = 0; // of the first input
    OnnxTensor result{};
    bool done = false;
    std::shared_ptr<std::vector<double>> made{};

    /// Gives the result this shape and new elements, which the caller fills.
    std::string make(std::span<const std::size_t> dims) {
        result = {};
        result.name = node.outputs[0];
        result.type = x.type;
        if (dims.size() > result.dims.size()) return "its result has more than 8 axes";
        for (const std::size_t extent : dims) {
            if (extent > 0 && result.size > walk.to_compute / extent)
                return "tensors that are computed of others have more numbers than the file";
            result.size *= extent;
            result.dims[result.rank++] = extent;
        }
        walk.to_compute -= result.size;
        made = std::make_shared<std::vector<double>>();
        made->reserve(result.size);
        result.computed = made;
        done = true;
        return {};
    }
    /// Makes the result the input with another shape.
    std::string reshape(std::span<const std::size_t> dims) {
        if (dims.size() > result.dims.size()) return "its result has more than 8 axes";
        result = x;
        result.rank = dims.size();
        result.size = 1;
        range::copy(dims, result.dims.begin());
        for (const std::size_t extent : dims) {
            if (extent > 0 && result.size > x.size / extent && x.size > 0) return "its result has more numbers";
            result.size *= extent;
        }
        if (result.size != x.size) return "its result has " + result.shape() + " of the numbers of " + x.shape();
        done = true;
        return {};
    }
    /// Copies elements of the input to the result, given a stride for each axis.
    std::string copy(std::span<const std::size_t> dims, std::span<const std::int64_t> steps, std::int64_t from) {
        if (std::string problem = make(dims); !problem.empty()) return problem;
        const auto numbers = walk.reals(x);
        std::array<std::size_t, 8> at{};
        for (std::size_t count = 0; count < result.size; ++count) {
            made->push_back((*numbers)[static_cast<std::size_t>(from)]);
            for (std::size_t k = dims.size(); k-- > 0;) {
                from += steps[k];
                if (++at[k] < dims[k]) break;
                from -= steps[k] * static_cast<std::int64_t>(dims[k]);
                at[k] = 0;
            }
        }
        return {};
    }
    std::vector<std::size_t> dims() const { return {x.dims.begin(), x.dims.begin() + std::ptrdiff_t(x.rank)}; }
    /// The strides of the input.
    std::vector<std::int64_t> steps() const {
        std::vector<std::int64_t> all(x.rank, 1);
        for (std::size_t k = x.rank; k-- > 1;) all[k - 1] = all[k] * static_cast<std::int64_t>(x.dims[k]);
        return all;
    }
    static std::optional<std::size_t> axis(std::int64_t index, std::size_t of) {
        const auto all = static_cast<std::int64_t>(of);
        if (index < -all || index >= all) return std::nullopt;
        return static_cast<std::size_t>(index < 0 ? index + all : index);
    }

    // fold_shape.hpp
    std::string transpose();
    std::string squeeze();
    std::string unsqueeze();
    std::string to_shape();
    std::string flatten();
    // fold_parts.hpp
    std::string slice();
    std::string split();
    std::string gather();
    std::string concat();
    // fold_numbers.hpp
    std::string cast();
    std::string sqrt();
    std::string arithmetic();
};

} // namespace rondo::io::detail
