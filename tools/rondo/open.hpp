// SPDX-License-Identifier: MIT
#pragma once

// Opens a file of a model in any format that Rondo reads.

#include "tensors.hpp"

#include <rondo/core/error.hpp>
#include <rondo/core/memory.hpp>
#include <rondo/io/guitarml.hpp>
#include <rondo/io/model.hpp>
#include <rondo/io/nam.hpp>
#include <rondo/io/onnx.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/state_dict.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

struct Opened {
    struct Extent { // of a tensor in `parameters`, row-major
        std::size_t at, rows, columns;
    };
    std::string format, how;        // how a program reads it, given `model` and the path
    std::vector<std::string> lines; // what is in it
    Found found;
    std::vector<rondo::io::TensorInfo> tensors; // which the parts point to
    std::vector<float> parameters, first; // as in a Model's buffer, and as in a State; of a network that was found
    std::vector<Extent> extents{};        // of the parameters
};

namespace open_file {

using namespace rondo;

/// Numbers one tensor after the other, each padded as in a Model's buffer, of a State, too.
template <class S>
void append(std::vector<float>& to, const std::string& name, const S* values, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) {
        const auto value = static_cast<float>(values[k]);
        if (!std::isfinite(value))
            fail(Error::Kind::not_finite, name + ": number " + std::to_string(k) + " is not finite as a float");
        to.push_back(value);
    }
    to.resize(padded(to.size()));
}

/// Parameters: what is trained, and averages, which lie behind it.
class Parameters {
public:
    template <class S>
    void add(bool trained, const std::string& name, const std::vector<S>& values, std::size_t rows) {
        Part& part = parts_[trained ? 0 : 1];
        if (rows > 0) part.extents.push_back({part.numbers.size(), rows, values.size() / rows});
        append(part.numbers, name, values.data(), values.size());
    }
    void put(Opened& file) const {
        for (const Part& part : parts_) {
            for (const Opened::Extent& t : part.extents)
                file.extents.push_back({file.parameters.size() + t.at, t.rows, t.columns});
            file.parameters.insert(file.parameters.end(), part.numbers.begin(), part.numbers.end());
        }
    }

private:
    struct Part {
        std::vector<float> numbers{};
        std::vector<Opened::Extent> extents{};
    } parts_[2];
};

/// The parameters of a network that was found; values_of a tensor are its numbers.
template <class ValuesOf>
void append_parameters(Opened& file, const std::string& source, const ValuesOf& values_of) {
    Parameters all;
    for (const FoundPart& part : file.found.parts) {
        for (std::size_t k = 0; k < part.tensors.size(); ++k) {
            const io::TensorInfo& tensor = *part.tensors[k];
            const bool trained = k + part.averages < part.tensors.size();
            const auto& values = values_of(tensor);
            all.add(trained, source + ": tensor " + tensor.name, values, tensor.shape.empty() ? 1 : tensor.shape[0]);
        }
        if (part.lacks_a_count) all.add(false, source, std::vector<float>(1), 1);
    }
    all.put(file);
}

inline void list_tensors(Opened& file) {
    std::size_t width = 0;
    for (const io::TensorInfo& t : file.tensors) width = std::max(width, t.name.size() + 2);
    for (const io::TensorInfo& t : file.tensors)
        file.lines.push_back(t.name + std::string(width - t.name.size(), ' ') + io::detail::describe(t.dtype, t.shape));
}

/// How load reads tensors into a Model<Net>: the options that it needs.
inline std::string how_to_load(const Found& found, const std::string& what) {
    bool convert = false;
    for (const FoundPart& part : found.parts)
        for (const io::TensorInfo* tensor : part.tensors)
            convert = convert || (tensor->dtype != io::DType::F32 && tensor->dtype != io::DType::I64);
    return "load(model, " + what + (convert ? ", {.convert = true})" : ")");
}

/// Whether a tensor in int8 has a scale for each of its rows.
inline bool has_scales(std::span<const io::TensorInfo> all, const io::TensorInfo& tensor) {
    const auto scales = std::ranges::find(all, detail::scales_name(tensor.name), &io::TensorInfo::name);
    return scales != all.end() && scales->dtype == io::DType::F32 && !tensor.shape.empty() &&
           scales->shape == std::vector<std::size_t>{tensor.shape[0]};
}
/// The tensors without the scales of others.
inline std::vector<io::TensorInfo> without_scales(std::span<const io::TensorInfo> all) {
    std::vector<io::TensorInfo> kept;
    for (const io::TensorInfo& t : all)
        if (std::ranges::none_of(all, [&](const io::TensorInfo& other) {
                return other.dtype == io::DType::I8 && detail::scales_name(other.name) == t.name;
            }))
            kept.push_back(t);
    return kept;
}

/// Says of tensors that are no numbers of a network.
inline void check_types(Found& found, std::span<const io::TensorInfo> all) {
    bool all_double = true, integers = false;
    for (const FoundPart& part : found.parts)
        for (const io::TensorInfo* tensor : part.tensors) {
            using enum io::DType;
            const bool counts = part.averages > 0 && !part.lacks_a_count && tensor == part.tensors.back();
            if (counts && tensor->dtype != I64 && found.problem.empty())
                found.problem = tensor->name + " is of " + std::string{name_of(tensor->dtype)} + "; expected I64";
            if (counts) continue;
            all_double = all_double && tensor->dtype == F64;
            if (tensor->dtype == I8 && has_scales(all, *tensor)) {
                integers = true;
                continue;
            }
            if (tensor->dtype != F32 && tensor->dtype != F64 && tensor->dtype != F16 && tensor->dtype != BF16 &&
                found.problem.empty())
                found.problem = tensor->name + " is of " + std::string{name_of(tensor->dtype)} +
                                (tensor->dtype == I8 ? "; expected " + detail::scales_name(tensor->name) +
                                                           " with it, F32 numbers for its rows"
                                                     : "; expected F32, F64, F16 or BF16");
        }
    if (found.problem.empty() && integers)
        found.notes.push_back("a rondo::Packed<Net, rondo::EigenBackend<float>, std::int8_t> has these integers and "
                              "scales");
    if (found.problem.empty() && all_double)
        found.notes.push_back("a rondo::Model<Net, rondo::EigenBackend<double>> holds these numbers as they are; "
                              "load then needs no convert");
}

inline Opened safetensors(const std::string& path, bool with_numbers, bool convert) {
    const io::SafetensorsFile source{path};
    Opened file{"safetensors", {}, {}, {}, {}, {}, {}};
    file.tensors.assign(source.tensors().begin(), source.tensors().end());
    list_tensors(file);
    file.tensors = without_scales(source.tensors());
    for (const auto& [key, value] : source.metadata())
        file.lines.push_back(io::detail::json_string(key) + ": " + io::detail::json_string(value));
    tensors::Shared shared;
    for (const auto& [name, value] : source.metadata())
        if (const io::TensorInfo* const kept = source.find_shared(name); // "reset_before" names tensors, too
            kept && kept->name != name && name != "reset_before" && name != detail::variants_key)
            shared.emplace_back(name, &*std::ranges::find(file.tensors, kept->name, &io::TensorInfo::name));
    file.found = tensors::find(file.tensors, shared, source.metadata());
    check_types(file.found, source.tensors());
    file.how = how_to_load(file.found, "path");
    if (!with_numbers || !file.found.problem.empty()) return file;
    append_parameters(file, path, [&](const io::TensorInfo& tensor) {
        const bool integers = tensor.dtype == io::DType::I8;
        if ((tensor.dtype == io::DType::F16 || tensor.dtype == io::DType::BF16 || integers) && !convert)
            fail(Error::Kind::mismatch, path + ": tensor " + tensor.name + ": expected F32 or F64, got " +
                                            std::string{name_of(tensor.dtype)} + ", which --convert converts");
        if (!integers) return detail::numbers_of<double>(tensor.dtype, source.bytes(tensor));
        std::vector<double> numbers;
        const std::size_t rows = tensor.shape[0], size = source.bytes(tensor).size();
        ParameterSpec spec;
        spec.rows = int(rows);
        spec.columns = int(rows > 0 ? size / rows : 0);
        if (Error problem = detail::read_int8(spec, tensor, source, path, tensor.name, numbers))
            fail(std::move(problem));
        return numbers;
    });
    return file;
}

inline Opened state_dict(const std::string& path) {
    const io::StateDict source = io::read_state_dict(path);
    Opened file{"a state_dict in JSON", {}, {}, {}, {}, {}, {}};
    for (const io::NamedArray& array : source.tensors)
        file.tensors.push_back({array.name, io::DType::F32, array.shape, 0, 0});
    list_tensors(file);
    file.found = tensors::find(file.tensors, {}, {});
    file.how = how_to_load(file.found, "io::read_state_dict(path)");
    append_parameters(file, path,
                      [&](const io::TensorInfo& tensor) -> auto& { return source.find(tensor.name)->values; });
    return file;
}

/// A file that says itself what its layers are.
inline Opened layers(std::string format, const std::string& reader, const io::ModelWeights& source) {
    Opened file{std::move(format), "load(model, io::" + reader + ")", {}, {}, {}, {}, {}};
    Parameters all;
    for (const io::LayerWeights& layer : source.layers) {
        const LayerFacts& facts = layer.facts;
        file.lines.push_back(layer.name + ": " + describe(facts));
        auto& parts = file.found.parts;
        const bool stacks = !parts.empty() && is_recurrent(facts.kind) && parts.back().first().kind == facts.kind &&
                            parts.back().first().output == facts.output && parts.back().output() == facts.input &&
                            parts.back().first().directions == facts.directions &&
                            parts.back().first().bias == facts.bias && parts.back().first().variant == facts.variant &&
                            parts.back().first().reversed == facts.reversed;
        if (!stacks) parts.emplace_back();
        parts.back().layers.push_back(facts);
        const std::size_t trained = layer.arrays.size() - (facts.kind == LayerKind::BatchNorm1d ? 3 : 0);
        for (const io::Array& array : layer.arrays)
            all.add(&array < layer.arrays.data() + trained, source.source + ": " + layer.name, array.values,
                    array.rows);
        if (!is_recurrent(facts.kind)) continue;
        const auto hidden = std::size_t(facts.output), count = hidden * std::size_t(components_of(facts.kind));
        std::vector<double> state = layer.first;
        state.resize(count * std::size_t(facts.directions)); // zeros where the file tells none
        for (std::size_t k = 0; k < state.size(); k += hidden)
            append(file.first, source.source + ": " + layer.name + ": first state", state.data() + k, hidden);
    }
    all.put(file);
    if (std::ranges::all_of(file.first, [](float number) { return number == 0; })) file.first.clear();
    else file.how = "load(model, first, io::" + reader + "), then stream.reset(first)";
    for (const auto& [name, number] : source.numbers)
        file.lines.push_back(name + ": " + rondo::detail::short_text(number));
    if (source.probe)
        file.lines.push_back("a probe: " + std::to_string(source.probe->input.size()) + " numbers in, " +
                             std::to_string(source.probe->output.size()) + " out");
    return file;
}

/// The graph's output that is named `output`, or its only one. Numbers of 16 bits are shown, but taken only if
/// `convert`.
inline Opened onnx(const std::string& path, bool with_numbers, bool convert, const std::string& output) {
    const auto read = [&](bool converts, Error& problem) {
        return io::read_onnx(std::filesystem::path{path}, {.output = output, .convert = converts}, problem);
    };
    Error problem, of_converted;
    io::ModelWeights source = read(false, problem);
    bool converts = false;
    if (problem) {
        io::ModelWeights converted = read(true, of_converted);
        converts = !of_converted && (convert || !with_numbers);
        if (converts) source = std::move(converted);
        else if (!of_converted) problem.message += ": --convert";
    }
    constexpr std::string_view ask = "name one of them";
    if (problem.message.ends_with(ask)) problem.message += ": --output NAME";
    if (problem && !converts) fail(std::move(problem));
    std::string options = output.empty() ? "" : ".output = " + io::detail::json_string(output);
    if (converts) options += (options.empty() ? "" : ", ") + std::string{".convert = true"};
    return layers("ONNX", options.empty() ? "read_onnx(path)" : "read_onnx(path, {" + options + "})", source);
}

/// By what the file begins with and has in it, ONNX by its name; the readers are strict.
inline Opened open(const std::string& path, bool with_numbers, bool convert, const std::string& output) {
    if (path.ends_with(".onnx")) return onnx(path, with_numbers, convert, output);
    if (!output.empty())
        fail(Error::Kind::argument, "--output: expected an ONNX file, whose name ends in .onnx, got " + path);
    std::error_code problem;
    std::string text;
    if (std::filesystem::file_size(path, problem) <= io::text_model_limit && !problem) {
        const io::Bytes bytes = io::read_file(path);
        text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    const std::size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0, // some editors' byte order mark
        first = text.find_first_not_of(" \t\r\n", mark);
    const auto has = [&](std::string_view key) { return text.find(key) != text.npos; };
    if (first == text.npos || text[first] != '{') return safetensors(path, with_numbers, convert);
    if (has("\"architecture\"")) return layers("Neural Amp Modeler", "read_nam(path)", io::read_nam(path));
    if (has("\"model_data\"")) return layers("GuitarML", "read_guitarml(path)", io::read_guitarml(path));
    if (has("\"layers\"")) return layers("RTNeural", "read_rtneural(path)", io::read_rtneural(path));
    return state_dict(path);
}

} // namespace open_file
