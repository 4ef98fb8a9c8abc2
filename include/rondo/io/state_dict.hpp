// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "../model/fwd.hpp"
#include "assign.hpp"
#include "layer_weights.hpp"
#include "tensor_names.hpp"
#include "json/numbers.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace io {

/// Tensors with PyTorch's names.
struct StateDict {
    std::string source; // beginning of error messages: the file
    std::vector<NamedArray> tensors;

    const NamedArray* find(std::string_view name) const {
        const auto found = range::find(tensors, name, &NamedArray::name);
        return found == tensors.end() ? nullptr : &*found;
    }
};

namespace detail {
inline std::vector<NamedArray> read_named_arrays(JsonReader& json) {
    constexpr std::size_t most = 1024;
    std::vector<NamedArray> all;
    json.object(256, [&](const std::string& name) {
        if (all.size() == most) return json.refuse("more than " + std::to_string(most) + " tensors");
        if (range::find(all, name, &NamedArray::name) != all.end())
            return json.refuse("tensor " + json_string(name) + " comes twice");
        NestedNumbers numbers = read_nested(json);
        all.push_back({name, std::move(numbers.shape), std::move(numbers.values)});
    });
    return all;
}

class StateDictFile : public TextModel {
public:
    using TextModel::TextModel;

    StateDict read(Error& error) {
        StateDict dict{weights.source, {}};
        if (json.ok()) dict.tensors = read_named_arrays(json);
        Error problem;
        finish(problem);
        if (!problem) return dict;
        error = std::move(problem);
        return {};
    }
};
} // namespace detail

/// Reads the format of RTNeural's PyTorch scripts: a state_dict as one JSON object that maps names to tensors, which
/// are nested lists of numbers.
///
/// Errors  file; format: invalid text, with the problem and its position; not_finite: NaN and Infinity. The file is
///         untrusted input.
/// Source  RTNeural, python/lstm_torch.py and RTNeural/torch_helpers.h.
inline StateDict read_state_dict(const std::filesystem::path& path, Error& error) noexcept {
    return detail::read_text_model<detail::StateDictFile>(path, error);
}
inline StateDict read_state_dict(const std::filesystem::path& path) {
    return or_fail([&](Error& error) { return read_state_dict(path, error); });
}

/// The same from the text of a file.
inline StateDict parse_state_dict(std::string_view text, Error& error) noexcept {
    return detail::parse_text_model<detail::StateDictFile>(text, "state_dict", error);
}
inline StateDict parse_state_dict(std::string_view text) {
    return or_fail([&](Error& error) { return parse_state_dict(text, error); });
}

} // namespace io

namespace detail {
template <class S>
Error assign(std::span<const ParameterSpec> tensors, const io::StateDict& dict, const io::TensorNames& names, S* values,
             io::UnmatchedTensors& unmatched) {
    std::vector<std::string> known;
    for (std::size_t k = 0; k < tensors.size(); ++k) {
        const ParameterSpec& t = tensors[k];
        const std::string& name = known.emplace_back(names.in_file(t.name.view()));
        const std::size_t rows = std::size_t(t.rows), columns = std::size_t(t.columns);
        const auto wrong = [&](const std::string& what) {
            return Error{Error::Kind::mismatch, dict.source + ": tensor " + name + what};
        };
        const io::NamedArray* found = dict.find(name);
        for (std::size_t j = 0; j < tensors.size() && !found; ++j) // a file may have any one of tied tensors
            if (tensors[j].offset == t.offset) found = dict.find(names.in_file(tensors[j].name.view()));
        if (!found && !names.strict) {
            unmatched.missing.emplace_back(t.name.view());
            continue;
        }
        if (!found && is_tied(tensors, k)) continue;
        if (!found && t.role == ParameterSpec::Role::count) { // old files lack it
            values[t.offset] = S(0);
            continue;
        }
        const auto has = [&](std::string_view other) { return dict.find(names.in_file(other)) != nullptr; };
        const bool no_biases = !found && io::detail::lacks_biases(tensors, k, has);
        if (no_biases && names.zero_biases) {
            std::fill_n(values + t.offset, t.size(), S(0));
            continue;
        }
        const auto shape = t.shape();
        const io::detail::NestedNumbers expected{{shape.begin(), shape.begin() + t.rank}, {}};
        if (!found)
            return wrong(" " + expected.text() + " is missing" + (no_biases ? io::detail::zero_biases_hint : ""));
        if (found->shape != expected.shape)
            return wrong(": expected " + expected.text() + ", got " +
                         io::detail::NestedNumbers{found->shape, {}}.text());
        if (t.after_reset > 0)
            return wrong(": expected that of a GRU that resets before the product, which PyTorch has not");
        if (Error problem = assign_array(tensors, k, {rows, columns, found->values}, dict.source, values))
            return problem;
        if (Error problem = io::detail::count_problem(t, found->values[0], dict.source + ": tensor " + name))
            return problem;
    }
    if (unmatched.missing.size() == tensors.size()) return io::detail::none_found(dict.source, known.front());
    for (const io::NamedArray& array : dict.tensors) {
        if (!array.name.starts_with(names.prefix) || range::find(known, array.name) != known.end()) continue;
        if (names.strict)
            return {Error::Kind::mismatch, dict.source + ": tensor " + array.name + " is not one of the network's"};
        unmatched.unexpected.push_back(array.name);
    }
    return {};
}
}

/// Loads the tensors of a state_dict into a model: it must have every tensor of the network, by name, and no other.
/// `names` maps names that differ; with `names.strict = false` returns what was left out.
///
/// Errors  mismatch: a tensor that is missing, surplus or of another shape, with both shapes; a GRUResetBefore, which
///         PyTorch does not have; not_finite: a number that overflows the model's scalar. The model is unchanged then.
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const io::StateDict& dict, const io::TensorNames& names,
                          Error& error) noexcept {
    io::UnmatchedTensors unmatched;
    no_throw(error, [&] {
        auto values = model.values();
        if (Error problem = detail::assign(Net::tensors, dict, names, values.data(), unmatched))
            error = std::move(problem);
        else model.assign(values);
    });
    return unmatched;
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const io::StateDict& dict, Error& error) noexcept {
    return load(model, dict, io::TensorNames{}, error);
}
template <class Net, Backend B>
io::UnmatchedTensors load(Model<Net, B>& model, const io::StateDict& dict, const io::TensorNames& names = {}) {
    return or_fail([&](Error& error) { return load(model, dict, names, error); });
}

} // namespace rondo
