// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/error.hpp"
#include "../file.hpp"
#include "../json.hpp"
#include "../layer_weights.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// The maximum size of model files in text formats, in bytes. A reader allocates at most 16 times the file's size plus
/// 256 KiB.
inline constexpr std::size_t text_model_limit = std::size_t{1} << 28;

namespace detail {

/// Numbers in nested lists, where all lists of a depth have the same length: a tensor, row-major.
struct NestedNumbers {
    std::vector<std::size_t> shape;
    std::vector<double> values;

    std::string text() const {
        std::string all{'['};
        for (const std::size_t size : shape) (all += all.size() > 1 ? "," : "") += std::to_string(size);
        return all + ']';
    }
};

inline void read_nested(JsonReader& json, NestedNumbers& to, std::size_t depth, bool& rank_known) {
    constexpr std::size_t most = 4, unknown = no_limit;
    if (!json.next_is('[')) {
        if (depth != to.shape.size()) return json.refuse_here("lists of numbers that are not equally deep");
        rank_known = true;
        return to.values.push_back(json.number());
    }
    if (depth == most) return json.refuse_here("lists of numbers nested more than 4 deep");
    if (depth == to.shape.size()) {
        if (rank_known) return json.refuse_here("lists of numbers that are not equally deep");
        to.shape.push_back(unknown);
    }
    std::size_t count = 0;
    json.array(no_limit, [&] {
        ++count;
        read_nested(json, to, depth + 1, rank_known);
    });
    rank_known = true;
    if (to.shape[depth] == unknown) to.shape[depth] = count;
    else if (to.shape[depth] != count)
        json.refuse_here("expected a list of " + std::to_string(to.shape[depth]) + ", got one of " +
                         std::to_string(count));
}

/// Reads a number, or nested lists of numbers of depth at most four.
inline NestedNumbers read_nested(JsonReader& json) {
    NestedNumbers numbers;
    if (json.next_is('[')) numbers.values.reserve(json.most_numbers()); // growing would take three times as much
    bool rank_known = false;
    read_nested(json, numbers, 0, rank_known);
    return numbers;
}

/// The base of readers of text formats: the weights, or the problem with the file.
class TextModel {
public:
    TextModel(std::string_view text, std::string source) : json{text} {
        weights.source = std::move(source);
        json.skip_byte_order_mark();
        if (const std::size_t at = invalid_utf8(text); at != text.npos)
            json.refuse("byte " + std::to_string(at) + ": not UTF-8");
    }

    JsonReader json;
    ModelWeights weights;

    /// Checks that a member is not repeated.
    void once(bool& seen, std::string_view name) {
        if (std::exchange(seen, true)) json.refuse("\"" + std::string{name} + "\" comes twice");
    }
    void expect(bool law, const std::string& otherwise) {
        if (!law) json.refuse(otherwise);
    }

    /// The weights, or none and an error.
    ModelWeights finish(Error& error) {
        json.end();
        if (json.ok()) return std::move(weights);
        error = {json.not_finite() ? Error::Kind::not_finite : Error::Kind::format,
                 weights.source + ": " + json.problem()};
        return {};
    }
};

/// Reads a Format, which is constructed from a text and the name of its source, from a file or from text.
template <class Format>
auto read_text_model(const std::filesystem::path& path, Error& error) noexcept {
    return no_throw(error, [&] {
        Error problem;
        const Bytes bytes = read_file(path, text_model_limit, problem);
        if (problem) return error = std::move(problem), decltype(Format{{}, {}}.read(error)){};
        return Format{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string()}.read(error);
    });
}
template <class Format>
auto parse_text_model(std::string_view text, const char* source, Error& error) noexcept {
    return no_throw(error, [&] { return Format{text, source}.read(error); });
}

} // namespace detail

} // namespace rondo::io
