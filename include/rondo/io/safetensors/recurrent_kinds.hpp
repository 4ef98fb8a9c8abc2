// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/variant.hpp"
#include "../../core/parameter_spec.hpp"
#include "../../core/printable.hpp"
#include "../../core/range.hpp"
#include "../safetensors.hpp"
#include "../tensor_names.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// Metadata by which files tell recurrent layers of equal names and shapes apart.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

inline constexpr std::string_view variants_key = "rondo.variants";

/// Metadata of what names and shapes do not show. reset_before: the names of recurrent weights of GRUs that reset
/// before the product, with blanks between them. rondo.variants: a line for each recurrent weight whose cell has other
/// options than the usual ones, "lstm.weight_hh_l0: clip 1/2".
inline io::Metadata kinds_of(std::span<const ParameterSpec> tensors) {
    std::string names, variants;
    for (const ParameterSpec& t : tensors) {
        if (t.after_reset > 0) (names += names.empty() ? "" : " ") += t.name.view();
        if (t.variant.empty()) continue;
        (variants += variants.empty() ? "" : "\n") += t.name.view();
        (variants += ": ") += t.variant;
    }
    io::Metadata all;
    if (!names.empty()) all.emplace_back("reset_before", names);
    if (!variants.empty()) all.emplace_back(variants_key, variants);
    return all;
}
/// The options that the lines of a file record for a recurrent weight, and the number of lines that do.
struct RecordedVariant {
    std::string_view options;
    int lines = 0;
    /// For messages: no longer than the options of a cell can be.
    std::string shown() const {
        constexpr std::size_t most = sizeof cell::VariantText::text;
        return printable(options.substr(0, most)) + (options.size() > most ? "..." : "");
    }
};
inline RecordedVariant recorded_variant(std::string_view lines, std::string_view name) {
    RecordedVariant found;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix((std::min)(line.size() + 1, lines.size()));
        if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) continue;
        if (found.lines++ == 0) found.options = line.substr(name.size() + 2);
    }
    return found;
}
inline std::string recorded_twice(const std::string& name) {
    return "metadata \"" + std::string{variants_key} + "\": tensor " + name + " comes twice";
}

/// What a file without a record of variants is: one of another program, of any variant, or of the usual equations.
enum class WithoutRecord { any, usual };

/// Compares the kinds of recurrent layers.
[[gnu::cold]] inline Error kinds_problem(std::span<const ParameterSpec> tensors, const io::Safetensors& file,
                                         const std::string& source, const io::TensorNames& names,
                                         WithoutRecord without = WithoutRecord::any) {
    const auto said = [&](std::string_view key) {
        return range::find(file.metadata(), key, &io::Metadata::value_type::first);
    };
    const auto before = said("reset_before"), variants = said(variants_key);
    const std::string list = before == file.metadata().end() ? " " : ' ' + before->second + ' ';
    for (const ParameterSpec& t : tensors) {
        if (t.role != ParameterSpec::Role::recurrent_weight) continue;
        const std::string name = names.in_file(t.name.view());
        if (!names.strict && !file.find_shared(name)) continue;
        const auto wrong = [&](const std::string& expected, const std::string& got) {
            return Error{Error::Kind::mismatch,
                         source + ": tensor " + name + ": expected that of " + expected + ", got that of " + got};
        };
        const bool resets_before = list.find(' ' + name + ' ') != list.npos;
        const char* const kinds[]{"a GRU that resets after the product", "a GRU that resets before the product"};
        if ((t.after_reset > 0) != resets_before) return wrong(kinds[t.after_reset > 0], kinds[resets_before]);
        const bool recorded = variants != file.metadata().end();
        if (!recorded && without == WithoutRecord::any) continue;
        const auto layer = [](const std::string& options) {
            return options.empty() ? "a layer with the usual functions" : "a layer with " + options;
        };
        const RecordedVariant got = recorded ? recorded_variant(variants->second, name) : RecordedVariant{};
        if (got.lines > 1) return {Error::Kind::format, source + ": " + recorded_twice(name)};
        if (t.variant != got.options) return wrong(layer(std::string{t.variant}), layer(got.shown()));
    }
    return {};
}

} // namespace rondo::detail
