// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "assign.hpp"
#include "said_numbers.hpp"
#include "state_dict.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {

class GuitarMLFile : public TextModel {
public:
    using TextModel::TextModel;

    ModelWeights read(Error& error) {
        std::array<bool, 2> seen{};
        json.object(256, [&](const std::string& name) {
            if (name == "model_data") {
                once(seen[0], name);
                read_sizes();
            } else if (name == "state_dict") {
                once(seen[1], name);
                tensors_ = read_named_arrays(json);
            } else if (!said_.take(json, name)) {
                json.skip();
            }
        });
        expect(seen[0] && seen[1],
               "no \"model_data\" or no \"state_dict\"; is it a model of Automated-GuitarAmpModelling?");
        if (json.ok()) lay_out();
        weights.numbers = said_.all();
        return finish(error);
    }

private:
    void read_sizes() {
        std::array<bool, 8> seen{};
        const std::pair<std::string_view, std::size_t*> sizes[]{{"input_size", &input_},
                                                                {"output_size", &output_},
                                                                {"hidden_size", &hidden_},
                                                                {"num_layers", &layers_},
                                                                {"skip", &skip_}};
        json.object(256, [&](const std::string& name) {
            if (name == "model") {
                once(seen[5], name);
                const std::string model = json.string(256);
                return expect(model == "SimpleRNN", "model: expected \"SimpleRNN\", got " + json_string(model));
            }
            if (name == "unit_type") {
                once(seen[6], name);
                const std::string unit = json.string(256);
                for (const LayerKind kind : {LayerKind::LSTM, LayerKind::GRU, LayerKind::RNN})
                    if (unit == name_of(kind)) kind_ = kind;
                return expect(kind_ != LayerKind::other,
                              "unit_type: expected \"LSTM\", \"GRU\" or \"RNN\", got " + json_string(unit));
            }
            if (name == "bias_fl") {
                once(seen[7], name);
                bias_ = json.boolean();
                return;
            }
            for (std::size_t k = 0; k < std::size(sizes); ++k) {
                if (name != sizes[k].first) continue;
                once(seen[k], name);
                *sizes[k].second = json.whole();
                const std::size_t least = name == "skip" ? 0 : 1, most = name == "num_layers" ? 64 : 1 << 16;
                return expect(!json.ok() || (*sizes[k].second >= least && *sizes[k].second <= most),
                              name + ": expected " + std::to_string(least) + " to " + std::to_string(most) + ", got " +
                                  std::to_string(*sizes[k].second));
            }
            json.skip();
        });
        constexpr const char* names[]{"input_size", "output_size", "hidden_size", "num_layers",
                                      "skip",       "model",       "unit_type",   "bias_fl"};
        for (std::size_t k = 0; k < seen.size(); ++k)
            expect(seen[k], std::string{"model_data: no \""} + names[k] + '"');
        expect(skip_ == 0 || (skip_ == output_ && skip_ <= input_),
               "skip: expected 0 or as many as there are outputs and at most as there are inputs, got " +
                   std::to_string(skip_));
    }

    /// Removes and returns the tensor of that name.
    Array take(const std::string& name, std::size_t rows, std::size_t columns) {
        const auto found = range::find(tensors_, name, &NamedArray::name);
        const std::vector<std::size_t> shape =
            columns == 0 ? std::vector<std::size_t>{rows} : std::vector<std::size_t>{rows, columns};
        const std::string expected = NestedNumbers{shape, {}}.text();
        if (found == tensors_.end()) return json.refuse("tensor " + name + ' ' + expected + " is missing"), Array{};
        if (found->shape != shape) {
            json.refuse("tensor " + name + ": expected " + expected + ", got " +
                        NestedNumbers{found->shape, {}}.text());
            return {};
        }
        Array array{rows, std::max<std::size_t>(columns, 1), std::move(found->values)};
        tensors_.erase(found); // the remaining tensors are surplus
        return array;
    }
    bool has(const std::string& name) const { return range::find(tensors_, name, &NamedArray::name) != tensors_.end(); }

    void lay_out() {
        const std::size_t h = hidden_, rows = std::size_t(gates_of(kind_)) * h;
        for (std::size_t k = 0; k < layers_ && json.ok(); ++k) {
            const std::size_t in = k == 0 ? input_ : h;
            const std::string after = "_l" + std::to_string(k);
            LayerWeights layer{"layer " + std::to_string(k), {kind_, int(in), int(h)}, {}, {}};
            layer.arrays = {take("rec.weight_ih" + after, rows, in), take("rec.weight_hh" + after, rows, h)};
            for (const std::string& name : {"rec.bias_ih" + after, "rec.bias_hh" + after}) {
                // Missing biases are zero; in some files, only lin has none.
                layer.arrays.push_back(bias_ || has(name) ? take(name, rows, 0)
                                                          : Array{rows, 1, std::vector<double>(json.ok() ? rows : 0)});
            }
            weights.layers.push_back(std::move(layer));
        }
        LayerWeights linear{"lin", {LayerKind::Linear, int(h), int(output_), 1, bias_ || has("lin.bias")}, {}, {}};
        linear.arrays = {take("lin.weight", output_, h)};
        if (linear.facts.bias) linear.arrays.push_back(take("lin.bias", output_, 0));
        weights.layers.push_back(std::move(linear));
        if (skip_ > 0) {
            const int size = int(skip_), all = int(weights.layers.size());
            weights.layers.push_back({"skip", {LayerKind::Skip, size, size, 1, true, all}, {}, {}});
        }
        if (!tensors_.empty()) json.refuse("tensor " + tensors_.front().name + " is not one of the model's");
    }

    std::size_t input_ = 0, output_ = 0, hidden_ = 0, layers_ = 0, skip_ = 0;
    LayerKind kind_ = LayerKind::other;
    bool bias_ = false;
    std::vector<NamedArray> tensors_;
    AmpNumbers said_;
};

} // namespace detail

/// Reads the format of Automated-GuitarAmpModelling, which GuitarML's plug-ins and AIDA-X's trainer use: layers of
/// LSTM, GRU or RNN, then a Linear, then, if "skip" is set, a Skip that adds the first features of the input. `numbers`
/// has those of "metadata" and "samplerate", which some files call "sample_rate".
///
///   using Amp = Residual<Sequential<LSTM<1, 20>, Linear<20, 1>>>;           // adds the only input
///   using Driven = ResidualOfFirst<Sequential<LSTM<2, 20>, Linear<20, 1>>>;  // the second input is a knob
///
/// Errors  file; format: invalid text, with the problem and its position; models and units that are not supported, by
///         name; tensors that are missing, surplus or of another shape; not_finite: NaN and Infinity. The file is
///         untrusted input.
/// Source  Alec-Wright/Automated-GuitarAmpModelling, CoreAudioML/networks.py.
inline ModelWeights read_guitarml(const std::filesystem::path& path, Error& error) noexcept {
    return detail::read_text_model<detail::GuitarMLFile>(path, error);
}
inline ModelWeights read_guitarml(const std::filesystem::path& path) {
    return or_fail([&](Error& error) { return read_guitarml(path, error); });
}

/// The same from the text of a file.
inline ModelWeights parse_guitarml(std::string_view text, Error& error) noexcept {
    return detail::parse_text_model<detail::GuitarMLFile>(text, "guitarml", error);
}
inline ModelWeights parse_guitarml(std::string_view text) {
    return or_fail([&](Error& error) { return parse_guitarml(text, error); });
}

} // namespace rondo::io
