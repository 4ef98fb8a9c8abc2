// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/parameter_spec.hpp"
#include "../../core/printable.hpp"
#include "../../core/range.hpp"
#include "../../model/int8_parameters.hpp"
#include "../float16.hpp"
#include "../safetensors.hpp"
#include "../safetensors_write.hpp"
#include "../tensor_names.hpp"
#include "recurrent_kinds.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

inline std::vector<std::size_t> shape_of(const ParameterSpec& t) {
    const auto all = t.shape();
    return {all.begin(), all.begin() + t.rank};
}

/// The type in a file of a tensor of a network whose numbers are `numbers`.
constexpr io::DType dtype_of(const ParameterSpec& t, io::DType numbers) {
    return t.role == ParameterSpec::Role::count ? io::DType::I64 : numbers;
}

// The following functions depend on lists of tensors only, not on the network: they are compiled once.

/// Tensors of flat buffers with prefixed names, for writing.
template <class S>
class NamedTensors {
public:
    void add(const std::string& prefix, std::span<const ParameterSpec> tensors, const S* values) {
        for (const ParameterSpec& t : tensors) {
            names_.push_back(prefix + std::string{t.name.view()});
            shapes_.push_back(shape_of(t));
            types_.push_back(dtype_of(t, io::dtype_of<S>));
            if (t.role == ParameterSpec::Role::count)
                bytes_.push_back(std::as_bytes(std::span{&counts_.emplace_back(std::int64_t(std::clamp(
                                                             double(values[t.offset]), 0., io::detail::most_steps))),
                                                         1}));
            else bytes_.push_back(std::as_bytes(std::span{values + t.offset, t.size()}));
        }
    }
    std::vector<io::TensorData> data() const {
        std::vector<io::TensorData> all;
        for (std::size_t k = 0; k < names_.size(); ++k) all.push_back({names_[k], types_[k], shapes_[k], bytes_[k]});
        return all;
    }

private:
    std::vector<std::string> names_;
    std::vector<std::vector<std::size_t>> shapes_;
    std::vector<io::DType> types_;
    std::deque<std::int64_t> counts_; // stay where they are
    std::vector<std::span<const std::byte>> bytes_;
};

/// Finds a tensor in the file; a file may have any one of tied tensors.
inline const io::TensorInfo* look_up(std::span<const ParameterSpec> tensors, std::size_t k, const io::Safetensors& file,
                                     const io::TensorNames& names) {
    const io::TensorInfo* found = file.find_shared(names.in_file(tensors[k].name.view()));
    for (std::size_t j = 0; j < tensors.size() && !found; ++j)
        if (j != k && tensors[j].offset == tensors[k].offset)
            found = file.find_shared(names.in_file(tensors[j].name.view()));
    return found;
}

/// The tensor with the scales of the rows of one in int8, and what is wrong with it.
inline std::string scales_name(const std::string& name) { return name + ".scale"; }
[[gnu::cold]] inline Error scale_problem(const ParameterSpec& t, const io::Safetensors& file, const std::string& source,
                                         const std::string& name) {
    const std::vector<std::size_t> shape{std::size_t(t.rows)};
    const std::string expected =
        source + ": tensor " + scales_name(name) + ": expected " + io::detail::describe(io::DType::F32, shape);
    const io::TensorInfo* const scales = file.find(scales_name(name));
    if (!scales) return {Error::Kind::mismatch, expected + " beside " + name + ", got none"};
    if (scales->dtype != io::DType::F32 || scales->shape != shape)
        return {Error::Kind::mismatch, expected + ", got " + io::detail::describe(scales->dtype, scales->shape)};
    return {};
}
/// Converts a tensor in int8, whose scales find_tensor has checked, to S: exact products if its scales are those that
/// save_int8 writes.
template <class S>
Error read_int8(const ParameterSpec& t, const io::TensorInfo& info, const io::Safetensors& file,
                const std::string& source, const std::string& name, std::vector<S>& numbers) {
    const auto bytes = file.bytes(info), scales = file.bytes(*file.find(scales_name(name)));
    numbers.resize(bytes.size());
    for (std::size_t row = 0; row < std::size_t(t.rows); ++row) {
        float scale = 0;
        std::memcpy(&scale, scales.data() + row * sizeof scale, sizeof scale);
        if (!(scale > 0) || !std::isfinite(127 * scale))
            return {std::isfinite(scale) ? Error::Kind::format : Error::Kind::not_finite,
                    source + ": tensor " + scales_name(name) + ": expected scales above zero, got " +
                        std::to_string(scale) + " for row " + std::to_string(row)};
        for (std::size_t k = row * std::size_t(t.columns); k < (row + 1) * std::size_t(t.columns); ++k) {
            const auto integer = std::bit_cast<std::int8_t>(bytes[k]);
            if (integer == -128)
                return {Error::Kind::format, source + ": tensor " + name +
                                                 ": expected integers from -127 to 127, got " + "-128 at " +
                                                 std::to_string(k)};
            numbers[k] = S(integer) * S(scale);
        }
    }
    return {};
}

/// Whether TensorNames::convert converts one type to the other.
inline bool is_converted(io::DType to, io::DType from) {
    using enum io::DType;
    return to != I64 && (from == F16 || from == BF16 || from == F32 || from == F64);
}

/// Finds a tensor of a network whose numbers are `numbers`. The error says whether it is missing or has another shape
/// or type; a tensor that is tied to an earlier one may be absent, and so may a count, which old files lack, and a bias
/// with TensorNames::zero_biases.
[[gnu::cold]] inline Error find_tensor(std::span<const ParameterSpec> tensors, std::size_t k, io::DType numbers,
                                       const io::Safetensors& file, const std::string& source,
                                       const io::TensorNames& names, const io::TensorInfo*& found) {
    const ParameterSpec& t = tensors[k];
    const io::DType dtype = dtype_of(t, numbers);
    const std::string name = names.in_file(t.name.view()), expected = io::detail::describe(dtype, shape_of(t));
    found = look_up(tensors, k, file, names);
    if (!found) {
        if (!names.strict) return {};
        if (is_tied(tensors, k) || t.role == ParameterSpec::Role::count) return {};
        const auto has = [&](std::string_view other) { return file.find_shared(names.in_file(other)) != nullptr; };
        const bool no_biases = io::detail::lacks_biases(tensors, k, has);
        if (no_biases && names.zero_biases) return {};
        if (file.find("model." + name))
            return {Error::Kind::mismatch, source + ": a checkpoint of a run, which load_checkpoint reads"};
        const auto other = range::find(file.metadata(), name, &io::Metadata::value_type::first);
        return {Error::Kind::mismatch,
                source + ": tensor " + name + " " + expected + " is missing" +
                    (other != file.metadata().end()
                         ? ", and so is " + printable(other->second) + ", which the metadata names in its place"
                         : "") +
                    (no_biases ? io::detail::zero_biases_hint : "")};
    }
    if (found->dtype == io::DType::I8 && names.convert && int8::stored(t) && found->shape == shape_of(t))
        return scale_problem(t, file, source, found->name);
    if (found->shape == shape_of(t) && (found->dtype == dtype || (names.convert && is_converted(dtype, found->dtype))))
        return {};
    return {Error::Kind::mismatch, source + ": tensor " + name + ": expected " + expected + ", got " +
                                       io::detail::describe(found->dtype, found->shape)};
}
/// What to add to such an error where the type alone does not fit.
inline const char* hint_of_conversion(const ParameterSpec& t, io::DType numbers, const io::TensorInfo* found,
                                      const io::TensorNames& names) {
    if (!found || names.convert || found->shape != shape_of(t)) return "";
    const bool converted =
        is_converted(dtype_of(t, numbers), found->dtype) || (found->dtype == io::DType::I8 && int8::stored(t));
    return converted ? ", which TensorNames::convert converts" : "";
}

/// Converts a tensor's bytes, a count or of one of the four types that can be converted, to S.
template <class S>
std::vector<S> numbers_of(io::DType dtype, std::span<const std::byte> bytes) {
    std::vector<S> numbers(8 * bytes.size() / io::bits_of(dtype));
    const auto convert = [&]<class Stored>(Stored, auto value) {
        for (std::size_t n = 0; n < numbers.size(); ++n) {
            Stored stored;
            std::memcpy(&stored, bytes.data() + n * sizeof stored, sizeof stored);
            numbers[n] = static_cast<S>(value(stored));
        }
    };
    const auto same = [](auto stored) { return stored; };
    switch (dtype) {
    case io::DType::F16: convert(std::uint16_t{}, io::detail::from_float16); break;
    case io::DType::BF16: convert(std::uint16_t{}, io::detail::from_bfloat16); break;
    case io::DType::F32: convert(float{}, same); break;
    case io::DType::I64: convert(std::int64_t{}, same); break;
    default: convert(double{}, same);
    }
    return numbers;
}

/// An error that names the first number of a tensor that is not finite.
template <class S>
Error finite_problem(const ParameterSpec& t, const S* values, const std::string& source, const std::string& name) {
    for (std::size_t n = 0; n < t.size(); ++n)
        if (!std::isfinite(values[t.offset + n]))
            return {Error::Kind::not_finite, source + ": tensor " + name + ": number " + std::to_string(n) + " is " +
                                                 std::to_string(values[t.offset + n])};
    return {};
}
template <class S>
Error finite_problem(std::span<const ParameterSpec> tensors, const S* values, const std::string& source,
                     const io::TensorNames& names) {
    for (const ParameterSpec& t : tensors)
        if (Error problem = finite_problem(t, values, source, names.in_file(t.name.view()))) return problem;
    return {};
}

/// Reads tensors into a flat buffer. The error names one that is missing, of another shape or type or, if tied, not
/// equal. Without TensorNames::strict those that are missing keep their values and are added to `missing`.
template <class S>
Error read_tensors(std::span<const ParameterSpec> tensors, const io::Safetensors& file, const std::string& source,
                   const io::TensorNames& names, S* values, std::vector<std::string>* missing = nullptr) {
    for (std::size_t k = 0; k < tensors.size(); ++k) {
        const ParameterSpec& t = tensors[k];
        const std::string name = names.in_file(t.name.view());
        const io::TensorInfo* found = nullptr;
        if (Error problem = find_tensor(tensors, k, io::dtype_of<S>, file, source, names, found)) {
            problem.message += hint_of_conversion(t, io::dtype_of<S>, found, names);
            return problem;
        }
        if (!found && !names.strict) {
            if (missing) missing->emplace_back(t.name.view());
            continue;
        }
        if (!found && !is_tied(tensors, k)) std::fill_n(values + t.offset, t.size(), S(0));
        if (!found) continue;
        std::vector<S> numbers;
        if (found->dtype != io::DType::I8) numbers = numbers_of<S>(found->dtype, file.bytes(*found));
        else if (Error problem = read_int8(t, *found, file, source, found->name, numbers)) return problem;
        if (is_tied(tensors, k)) {
            const ParameterSpec& original = *range::find(tensors, t.offset, &ParameterSpec::offset);
            if (std::memcmp(values + t.offset, numbers.data(), t.size() * sizeof(S)) != 0)
                return {Error::Kind::mismatch, source + ": tensor " + name + " is tied to " +
                                                   names.in_file(original.name.view()) + " and must be equal to it"};
        } else {
            range::copy(numbers, values + t.offset);
        }
        if (Error problem = finite_problem(t, values, source, name)) return problem;
        if (Error problem = io::detail::count_problem(t, double(values[t.offset]), source + ": tensor " + name))
            return problem;
    }
    return {};
}

/// Limits for the file of a model of `bytes` bytes. They are large enough to report the tensors of a file of another
/// network, and small enough not to read gigabytes for a model of kilobytes.
inline io::SafetensorsLimits limits_of(std::size_t bytes) { return {.file = (std::size_t{64} << 20) + 8 * bytes}; }

/// The tensors of the file, with the prefix of TensorNames, that the network does not have.
inline std::vector<const io::TensorInfo*> left_over(std::span<const ParameterSpec> tensors, const io::Safetensors& file,
                                                    const io::TensorNames& names) {
    std::vector<std::string> known;
    for (const ParameterSpec& t : tensors) {
        known.push_back(names.in_file(t.name.view()));
        if (const io::TensorInfo* const found = file.find_shared(known.back())) {
            known.push_back(found->name);
            if (found->dtype == io::DType::I8) known.push_back(scales_name(found->name));
        }
    }
    std::vector<const io::TensorInfo*> all;
    for (const io::TensorInfo& info : file.tensors())
        if (info.name.starts_with(names.prefix) && range::find(known, info.name) == known.end()) all.push_back(&info);
    return all;
}

/// An error that names the first of them.
inline Error left_over_problem(const std::vector<const io::TensorInfo*>& all, const std::string& source) {
    if (all.empty()) return {};
    return {Error::Kind::mismatch, source + ": tensor " + printable(all[0]->name) + " " +
                                       io::detail::describe(all[0]->dtype, all[0]->shape) +
                                       " is not one of the network's"};
}

template <class S>
[[gnu::cold]] void save_tensors(std::span<const ParameterSpec> tensors, const std::vector<S>& values,
                                const std::filesystem::path& path, const io::Metadata& metadata, Error& error) {
    if (Error problem = finite_problem(tensors, values.data(), path.string(), {}))
        return void(error = std::move(problem));
    NamedTensors<S> named;
    named.add("", tensors, values.data());
    io::Metadata all = kinds_of(tensors);
    for (const auto& [key, value] : metadata) all.emplace_back(key, std::string{value});
    io::write_safetensors(path, named.data(), all, limits_of(values.size() * sizeof(S)), error);
}
/// Reads all tensors of a network; the file may have no other. Without TensorNames::strict, those that both have.
template <class S>
Error read(std::span<const ParameterSpec> tensors, const io::Safetensors& file, const std::string& source,
           const io::TensorNames& names, std::vector<S>& values, io::UnmatchedTensors& unmatched) {
    if (Error problem = read_tensors(tensors, file, source, names, values.data(), &unmatched.missing)) return problem;
    if (unmatched.missing.size() == tensors.size())
        return io::detail::none_found(source, names.in_file(tensors[0].name.view()));
    const auto others = left_over(tensors, file, names);
    if (names.strict && !others.empty()) return left_over_problem(others, source);
    for (const io::TensorInfo* info : others) unmatched.unexpected.push_back(info->name);
    return kinds_problem(tensors, file, source, names);
}
template <class S>
Error load_tensors(std::span<const ParameterSpec> tensors, std::vector<S>& values, const std::filesystem::path& path,
                   const io::TensorNames& names, io::UnmatchedTensors& unmatched) {
    Error problem;
    const auto limits = names.strict ? limits_of(values.size() * sizeof(S)) : io::SafetensorsLimits{};
    const io::SafetensorsFile file{path, limits, problem};
    return problem ? problem : read(tensors, file, path.string(), names, values, unmatched);
}
template <class S>
Error load_tensors(std::span<const ParameterSpec> tensors, std::vector<S>& values, std::span<const std::byte> bytes,
                   const io::TensorNames& names, io::UnmatchedTensors& unmatched) {
    Error problem;
    const io::Safetensors file{bytes, {}, problem};
    return problem ? problem : read(tensors, file, "safetensors", names, values, unmatched);
}

} // namespace rondo::detail
