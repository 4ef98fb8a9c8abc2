// SPDX-License-Identifier: MIT
#pragma once

#include "assign.hpp"
#include "said_numbers.hpp"
#include "json/numbers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {

class NamFile : public TextModel {
public:
    using TextModel::TextModel;

    ModelWeights read(Error& error) {
        std::array<bool, 4> seen{};
        SaidNumbers said;
        json.object(256, [&](const std::string& name) {
            if (name == "architecture") {
                once(seen[0], name);
                const std::string architecture = json.string(256);
                expect(architecture == "LSTM", "architecture: expected \"LSTM\", got " + json_string(architecture));
            } else if (name == "config") {
                once(seen[1], name);
                read_config();
            } else if (name == "weights") {
                once(seen[2], name);
                numbers_ = read_nested(json);
                expect(numbers_.shape.size() == 1, "weights: expected one list of numbers, got " + numbers_.text());
            } else if (name == "sample_rate") {
                said.read(json, name, name);
            } else if (name == "metadata") {
                once(seen[3], name);
                said.read_metadata(json, [](const std::string& known) { return std::pair{known, 1}; });
            } else {
                json.skip();
            }
        });
        for (const auto& [k, name] : {std::pair{0, "architecture"}, std::pair{1, "config"}, std::pair{2, "weights"}})
            expect(seen[std::size_t(k)], std::string{"no \""} + name + "\"; is it a NAM model?");
        if (json.ok()) lay_out();
        weights.numbers = said.all();
        return finish(error);
    }

private:
    void read_config() {
        const std::pair<std::string_view, std::size_t*> sizes[]{{"input_size", &input_},
                                                                {"hidden_size", &hidden_},
                                                                {"num_layers", &layers_},
                                                                {"in_channels", &in_channels_},
                                                                {"out_channels", &out_channels_}};
        json.object(256, [&](const std::string& name) {
            for (const auto& [known, size] : sizes) {
                if (name != known) continue;
                expect(*size == 0, "config: " + json_string(name) + " comes twice");
                *size = json.whole();
                const std::size_t most = size == &layers_ ? 64 : 1 << 16;
                return expect(!json.ok() || (*size >= 1 && *size <= most), "config: " + name + ": expected 1 to " +
                                                                               std::to_string(most) + ", got " +
                                                                               std::to_string(*size));
            }
            json.refuse("config: " + json_string(name) + " is not known");
        });
        for (const auto& [name, size] : sizes) {
            const bool has_default = size == &in_channels_ || size == &out_channels_;
            if (*size == 0 && has_default) *size = 1;
            expect(*size > 0, "config: no " + json_string(name));
        }
        expect(in_channels_ == input_, "config: expected as many in_channels as input_size, got " +
                                           std::to_string(in_channels_) + " and " + std::to_string(input_));
    }

    void lay_out() {
        // In 64 bits: a std::size_t of 32 bits could overflow, and a large layer would seem to fit a small file.
        const std::uint64_t in_64 = input_, h_64 = hidden_, out_64 = out_channels_,
                            expected = 4 * h_64 * (in_64 + h_64 + 1) + 2 * h_64 +
                                       (layers_ - 1) * (4 * h_64 * (2 * h_64 + 1) + 2 * h_64) + out_64 * (h_64 + 1);
        if (numbers_.values.size() != expected)
            return json.refuse("weights: expected " + std::to_string(expected) + " numbers, got " +
                               std::to_string(numbers_.values.size()));
        const std::size_t h = hidden_, rows = 4 * h;
        for (std::size_t k = 0; k < layers_; ++k) {
            const std::size_t in = k == 0 ? input_ : h;
            LayerWeights layer{"layer " + std::to_string(k), {LayerKind::LSTM, int(in), int(h)}, {}, {}};
            layer.arrays = {{rows, in, {}}, {rows, h, {}}, {rows, 1, {}}, {rows, 1, std::vector<double>(rows)}};
            std::vector<double>&ih = layer.arrays[0].values, &hh = layer.arrays[1].values;
            ih.reserve(rows * in);
            hh.reserve(rows * h);
            for (std::size_t row = 0; row < rows; ++row) {
                take(in, ih);
                take(h, hh);
            }
            take(rows, layer.arrays[2].values);
            take(2 * h, layer.first);
            weights.layers.push_back(std::move(layer));
        }
        LayerWeights head{"the head", {LayerKind::Linear, int(h), int(out_channels_)}, {}, {}};
        head.arrays = {{out_channels_, h, {}}, {out_channels_, 1, {}}};
        take(out_channels_ * h, head.arrays[0].values);
        take(out_channels_, head.arrays[1].values);
        weights.layers.push_back(std::move(head));
    }

    void take(std::size_t count, std::vector<double>& to) {
        const auto from = numbers_.values.begin() + std::ptrdiff_t(at_);
        to.insert(to.end(), from, from + std::ptrdiff_t(count));
        at_ += count;
    }

    std::size_t input_ = 0, hidden_ = 0, layers_ = 0, in_channels_ = 0, out_channels_ = 0, at_ = 0;
    NestedNumbers numbers_;
};

} // namespace detail

/// Reads an LSTM of Neural Amp Modeler, a .nam file: its layers, then a Linear. The file contains the initial state;
/// load(model, first, weights) returns it, for stream.reset(first). As a warm-up, NAM itself processes half a second of
/// zeros before the first sample of a sequence.
///
/// Errors  file; format: invalid text, with the problem and its position; other architectures, by name; a wrong number
///         of weights; not_finite: NaN and Infinity. The file is untrusted input.
/// Source  sdatkinson/NeuralAmpModelerCore, NAM/lstm.cpp.
inline ModelWeights read_nam(const std::filesystem::path& path, Error& error) noexcept {
    return detail::read_text_model<detail::NamFile>(path, error);
}
inline ModelWeights read_nam(const std::filesystem::path& path) {
    return or_fail([&](Error& error) { return read_nam(path, error); });
}

/// The same from the text of a file.
inline ModelWeights parse_nam(std::string_view text, Error& error) noexcept {
    return detail::parse_text_model<detail::NamFile>(text, "nam", error);
}
inline ModelWeights parse_nam(std::string_view text) {
    return or_fail([&](Error& error) { return parse_nam(text, error); });
}

} // namespace rondo::io
