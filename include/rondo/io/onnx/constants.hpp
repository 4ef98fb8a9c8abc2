// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "external.hpp"
#include "graph.hpp"
#include "value.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The longest list of extents, axes, or pads that is followed through a graph.
inline constexpr std::size_t onnx_most_list = 16;

/// The values of a graph's names so far, and the numbers of those that are constants. Functions return an error
/// message, empty on success.
struct OnnxConstants {
    OnnxGraph graph;
    std::map<std::string_view, OnnxValue> values;
    OnnxFiles* files = nullptr;                             // external data
    bool convert = false;                                   // whether FLOAT16 and BFLOAT16 are converted
    std::uint64_t to_keep = 0, to_read = 0, to_compute = 0; // remaining limits: elements, bytes, elements

    /// Raises the limits for `bytes` more of input.
    void allow(std::size_t bytes) {
        constexpr std::uint64_t often = 64, copies = 3;
        to_keep += bytes;
        to_read += bytes * often;
        to_compute += bytes * copies;
    }

    std::optional<OnnxValue> find(std::string_view name) const {
        if (const auto found = values.find(name); found != values.end()) return found->second;
        const auto key = [](const auto& initializer) { return initializer.first; };
        const auto found = range::lower_bound(graph.initializers, name, {}, key);
        if (found == graph.initializers.end() || found->first != name) return std::nullopt;
        return OnnxConstant{found->second};
    }
    template <class T>
    std::optional<T> find_as(std::string_view name) const {
        const auto found = find(name);
        const T* as = found ? std::get_if<T>(&*found) : nullptr;
        return as ? std::optional<T>{*as} : std::nullopt;
    }

    /// The tensor of that name.
    std::string tensor(std::string_view name, OnnxTensor& result) {
        const auto constant = find_as<OnnxConstant>(name);
        if (!constant) return no_tensor(name);
        if (constant->repeated != 0) return quoted(name) + " is a tensor that is expanded to an open shape";
        return tensor(*constant, result);
    }
    /// The same, for the weights of a layer.
    std::string tensor(const OnnxConstant& constant, OnnxTensor& result) {
        std::string problem = header(constant, result);
        if (problem.empty() && result.half() && !convert)
            problem = result.called() + "is of " + onnx_type_name(result.type) +
                      "; expected FLOAT or DOUBLE, or OnnxOptions::convert, which converts it";
        return problem;
    }
    /// Everything except the elements. A limit of bytes bounds how often a file can name the same tensor.
    std::string header(const OnnxConstant& constant, OnnxTensor& result) {
        const std::uint64_t bytes =
            constant.computed ? constant.computed->size * sizeof(double) : constant.message.size();
        if (to_read < bytes) return "the file's tensors are read too often";
        to_read -= bytes;
        if (constant.computed) return result = *constant.computed, std::string{};
        if (std::string problem = read_onnx_tensor(constant.message, result); !problem.empty()) return problem;
        if (!result.place) return {};
        Message file;
        std::size_t fresh = 0;
        if (std::string problem = files->find(result.place->location, file, fresh); !problem.empty())
            return result.called() + problem;
        allow(fresh);
        if (std::string problem = place_onnx_tensor(result, file); !problem.empty()) return problem;
        if (to_read < result.raw->size()) return "the file's tensors are read too often";
        to_read -= result.raw->size();
        return {};
    }
    /// A constant of FLOAT, DOUBLE, FLOAT16 or BFLOAT16 that can be folded.
    bool real_constant(std::string_view name, OnnxTensor& result) {
        const auto constant = find_as<OnnxConstant>(name);
        return constant && constant->repeated == 0 && header(*constant, result).empty() && result.real();
    }
    /// Its elements, which may be whole numbers.
    static std::shared_ptr<const std::vector<double>> reals(const OnnxTensor& tensor) {
        if (tensor.computed) return tensor.computed;
        if (tensor.real()) return std::make_shared<const std::vector<double>>(onnx_numbers<double>(tensor));
        const auto whole = onnx_numbers<std::int64_t>(tensor);
        return std::make_shared<const std::vector<double>>(whole.begin(), whole.end());
    }
    /// Its elements, for the weights of a layer.
    std::string numbers(const OnnxTensor& tensor, std::vector<double>& result) {
        if (!tensor.real())
            return "tensor " + quoted(tensor.name) + " is of " + onnx_type_name(tensor.type) +
                   "; expected FLOAT or DOUBLE";
        if (std::string problem = keep(tensor.size); !problem.empty()) return problem;
        result = onnx_numbers<double>(tensor);
        return {};
    }
    std::string keep(std::size_t count) {
        if (to_keep < count) return "the layers have more numbers than the file";
        to_keep -= count;
        return {};
    }

    /// Up to onnx_most_list extents, computed or of the file.
    std::optional<OnnxExtents> extents(std::string_view name) {
        if (auto computed = find_as<OnnxExtents>(name)) return computed;
        OnnxTensor found;
        if (!tensor(name, found).empty() || found.real() || found.rank > 1 || found.size > onnx_most_list)
            return std::nullopt;
        OnnxExtents result{.dims = {}, .scalar = found.rank == 0};
        for (const std::int64_t number : onnx_numbers<std::int64_t>(found)) result.dims.push_back({number});
        return result;
    }
    /// A scalar.
    std::optional<double> number(std::string_view name) {
        OnnxTensor found;
        if (!tensor(name, found).empty() || found.size != 1) return std::nullopt;
        return found.real() ? onnx_numbers<double>(found)[0] : double(onnx_numbers<std::int64_t>(found)[0]);
    }
    /// Whole numbers: an attribute in early opsets, an input in later ones.
    std::optional<std::vector<std::int64_t>> wholes(const OnnxNode& node, const char* attribute, std::size_t input) {
        if (const auto found = node.find(attribute)) return found->wholes;
        const auto found = extents(node.input(input));
        if (!found || !range::all_of(found->dims, &OnnxDim::known)) return std::nullopt;
        std::vector<std::int64_t> all;
        for (const OnnxDim& dim : found->dims) all.push_back(dim.times);
        return all;
    }

    /// Any number of whole numbers, computed or of the file.
    std::optional<std::vector<std::int64_t>> wholes(std::string_view name, bool& scalar) {
        OnnxTensor found;
        const auto constant = find_as<OnnxConstant>(name);
        if (constant && header(*constant, found).empty() && !found.real() && found.rank < 2) {
            scalar = found.rank == 0;
            return onnx_numbers<std::int64_t>(found);
        }
        const auto computed = extents(name);
        if (!computed || !range::all_of(computed->dims, &OnnxDim::known)) return std::nullopt;
        scalar = computed->scalar;
        std::vector<std::int64_t> all;
        for (const OnnxDim& dim : computed->dims) all.push_back(dim.times);
        return all;
    }

private:
    std::string no_tensor(std::string_view name) const {
        const auto value = find(name);
        const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
        const bool input = value && (std::holds_alternative<OnnxGiven>(*value) || (flow && flow->is_input()));
        return quoted(name) + (input ? " is an input of the graph; give its numbers by OnnxOptions::inputs"
                                     : " is no tensor of the file");
    }
};

/// Whether a tensor is a short list or matrix of whole numbers that are exact as double.
inline bool onnx_exact(const OnnxTensor& tensor) {
    constexpr double most = 9007199254740992;
    return (tensor.type == OnnxTensor::int64 || tensor.type == OnnxTensor::int32) && tensor.size <= onnx_most_list &&
           range::all_of(*OnnxConstants::reals(tensor), [](double number) { return number > -most && number < most; });
}

} // namespace rondo::io::detail
