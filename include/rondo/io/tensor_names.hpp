// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/range.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// How names and types of tensors in a file differ from those of the network.
///
/// prefix       precedes every name; tensors of the file without it are ignored
/// renamed      pairs of a prefix of the network's names and its replacement in the file; the first match applies
/// convert      F16, BF16, F32 and F64 of safetensors are converted to the model's scalar, rounding to nearest
/// zero_biases  a recurrent layer that has biases, but none at all in the file (PyTorch's bias=False), gets zeros
/// strict       as of PyTorch's load_state_dict: the file has every tensor of the network and no other. Without it,
///              tensors that the file does not have keep their values, and others of the file are ignored; a tensor
///              that both have must have the same shape and type, and one at least must be there
///
///   load(model, "amp.safetensors", {.prefix = "rec."});                      // weight_ih_l0 is rec.weight_ih_l0
///   load(model, "all.safetensors", {.renamed = {{"lstm.", "rec."}, {"fc.", "lin."}}});
///   load(model, "half.safetensors", {.convert = true});
///   load(model, "other_head.safetensors", {.renamed = {{"fc.", "unused."}}, .strict = false}); // all but fc
struct TensorNames {
    std::string prefix{};
    std::vector<std::pair<std::string, std::string>> renamed{};
    bool convert = false, zero_biases = false, strict = true;

    std::string in_file(std::string_view name) const {
        for (const auto& [from, to] : renamed)
            if (name.starts_with(from)) return prefix + to + std::string{name.substr(from.size())};
        return prefix + std::string{name};
    }
};

/// What TensorNames{.strict = false} left out: names of the network that the file does not have, and names of the file,
/// with the prefix, that the network does not have.
struct UnmatchedTensors {
    std::vector<std::string> missing, unexpected;
};

namespace detail {
/// Splits a tensor's name into its module and its name in the module: "lstm." and "bias_ih_l0".
inline std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
    const std::size_t end = name.rfind('.') + 1; // 0 where there is no dot
    return {name.substr(0, end), name.substr(end)};
}
inline bool is_recurrent_bias(std::string_view leaf) {
    return leaf.starts_with("bias_ih") || leaf.starts_with("bias_hh");
}

/// Counts of training steps: up to here every whole number is a double.
inline constexpr double most_steps = 9007199254740992;
inline Error count_problem(const ParameterSpec& t, double value, const std::string& tensor) {
    if (t.role != ParameterSpec::Role::count || (value >= 0 && value <= most_steps)) return {};
    return {Error::Kind::format, tensor + ": expected a count from 0 to 2^53, got " + rondo::detail::short_text(value)};
}

/// A file with no tensor of the network; `name` is the first it could have.
inline Error none_found(const std::string& source, const std::string& name) {
    return {Error::Kind::mismatch, source + ": expected a tensor of the network, such as " + name + ", got none"};
}

/// Whether the k-th tensor is a bias of a recurrent layer for none of whose biases has(name) is true.
template <class Has>
bool lacks_biases(std::span<const ParameterSpec> tensors, std::size_t k, Has has) {
    const auto name = split_name(tensors[k].name.view());
    return is_recurrent_bias(name.second) && range::none_of(tensors, [&](const ParameterSpec& t) {
               const auto [other_module, other_leaf] = split_name(t.name.view());
               return other_module == name.first && is_recurrent_bias(other_leaf) && has(t.name.view());
           });
}
inline constexpr const char* zero_biases_hint =
    "; a layer without biases, PyTorch's bias=False, is Stack{.bias = false}, or is read by TensorNames::zero_biases";
} // namespace detail

} // namespace rondo::io
