// SPDX-License-Identifier: MIT
#pragma once

// Writes a network's parameters as a C++ header.

#include "found.hpp"

#include <rondo/core/error.hpp>
#include <rondo/core/memory.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace embed {

/// Numbers one tensor after the other, each padded as in a Model's buffer.
class Parameters {
public:
    template <class S>
    void add(const std::string& name, const S* values, std::size_t count) {
        for (std::size_t k = 0; k < count; ++k) {
            const auto value = static_cast<float>(values[k]);
            if (!std::isfinite(value))
                rondo::fail(rondo::Error::Kind::not_finite,
                            name + ": number " + std::to_string(k) + " is not finite as a float");
            values_.push_back(value);
        }
        values_.resize(rondo::padded(values_.size()));
    }
    const std::vector<float>& values() const { return values_; }

private:
    std::vector<float> values_;
};

inline Parameters parameters(const Found& found, const rondo::io::Safetensors& file, const std::string& source) {
    Parameters all;
    const auto add = [&]<class S>(const rondo::io::TensorInfo& tensor, S) {
        const auto bytes = file.bytes(tensor);
        std::vector<S> values(bytes.size() / sizeof(S));
        std::memcpy(values.data(), bytes.data(), bytes.size());
        all.add(source + ": tensor " + tensor.name, values.data(), values.size());
    };
    for (const FoundPart& part : found.parts)
        for (const rondo::io::TensorInfo* tensor : part.tensors) {
            if (tensor->dtype == rondo::io::DType::F32) add(*tensor, float{});
            else if (tensor->dtype == rondo::io::DType::F64) add(*tensor, double{});
            else
                rondo::fail(rondo::Error::Kind::mismatch,
                            source + ": tensor " + tensor->name + ": expected F32 or F64, got " +
                                std::string{name_of(tensor->dtype)});
        }
    return all;
}

/// A namespace's name: a letter first, then letters, digits and underscores; no word of C++'s own.
inline bool is_identifier(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", more = "0123456789_";
    const auto known = [&](char c) { return letters.find(c) != letters.npos || more.find(c) != more.npos; };
    constexpr std::string_view words =
        " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class "
        "compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype "
        "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline "
        "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
        "register reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct "
        "switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void "
        "volatile wchar_t while xor xor_eq rondo Eigen ";
    return !name.empty() && words.find(' ' + std::string{name} + ' ') == words.npos && letters.find(name[0]) != letters.npos && std::ranges::all_of(name, known) &&
           name.find("__") == name.npos;
}

/// One that comes back as the same float.
inline std::string literal(float value) {
    char digits[32];
    std::string text{digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
    return text + (text.find_first_of(".e") == text.npos ? ".f" : "f");
}

inline std::string header(const Found& found, const std::vector<float>& values, const std::string& name,
                          const std::string& source) {
    const std::string size = std::to_string(values.size());
    std::string text = "// Written by `rondo embed` from " + rondo::io::detail::json_string(source) + ".\n//\n";
    for (const std::string& note : found.notes) text += "// - " + note + ".\n";
    text += "//\n"
            "// A stream in memory of your own, without a heap (values_size() says how many values it needs):\n"
            "//\n"
            "//     alignas(64) static std::byte weights[rondo::Packed<" + name + "::Net>::size];\n"
            "//     alignas(64) static float values[256];\n"
            "//     const rondo::Packed<" + name + "::Net> packed{" + name + "::parameters, weights};\n"
            "//     rondo::Stream stream{packed, std::span<float>{values}};\n"
            "//\n"
            "// A network of your own, of these layers and of what a file does not tell, takes these parameters as well.\n"
            "#pragma once\n\n"
            "#include <rondo/stream.hpp>\n\n"
            "#include <cstddef>\n\n"
            "namespace " + name + " {\n\n"
            "using Net = " + type_of(found, std::string_view{"using Net = "}.size()) + ";\n\n"
            "inline constexpr std::size_t size = " + size + "; // numbers, in the order of a rondo::Model's buffer\n"
            "static_assert(rondo::buffer_size<Net> == size, \"these parameters are laid out for another Rondo\");\n\n"
            "alignas(64) inline constexpr float parameters[size]{";
    for (std::size_t k = 0; k < values.size(); ++k) text += (k % 6 == 0 ? "\n    " : " ") + literal(values[k]) + ',';
    return text + "\n};\n\n} // namespace " + name + '\n';
}

} // namespace embed
