// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/variant.hpp"
#include "../core/layer_kind.hpp"
#include "../core/number_text.hpp"
#include "../core/ratio.hpp"
#include "../core/text.hpp"
#include "../op/convolution_plan.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The description of a layer that model files have, too: what it computes, and its sizes.
///
/// input       features of a step; for an Embedding, its vocabulary; for a Skip, how many of the first features it adds
/// output      features of a step; for a recurrent layer, its hidden units (one direction)
/// directions  of a recurrent layer: 1 or 2
/// bias        whether a Linear, a Conv1d or a LayerNorm has one, a recurrent layer both
/// span        of a Skip: it adds the input of the layer that is `span` layers before it
/// reversed    whether a recurrent layer reads each sequence from its end
/// options     of an activation, those of its type: a of LeakyReLU and ELU, the threshold of Threshold, a and b of
///             Hardsigmoid, least and most of Hardtanh; eps of a norm, 0 for machine_epsilon; as Ratio::canonical has
///             them
/// variant     the options of its cell, as canonical() has them
/// projection  units of a recurrent layer's h if they are projected from its hidden units; 0: they are not
/// plan        the options of a Conv1d, a MaxPool1d or an AvgPool1d
/// count       the factors of a PReLU, the steps of a Flatten
/// affine      whether a norm has a weight
/// features_first  the order of a Flatten
/// count_include_pad  whether the means of an AvgPool1d with padding count it
struct LayerFacts {
    LayerKind kind = LayerKind::other;
    int input = 0, output = 0;
    int directions = 1;
    bool bias = true;
    int span = 0;
    bool reversed = false;
    std::array<Ratio, 2> options{};
    cell::Variant variant{};
    int projection = 0;
    ConvolutionPlan plan{};
    int count = 0;
    bool affine = true, features_first = false, count_include_pad = true;
    bool operator==(const LayerFacts&) const = default;

    /// Features of a step in one direction.
    constexpr int features() const { return projection > 0 ? projection : output; }
    /// The functions of the layer's gates, candidate and, of an LSTM, output.
    constexpr std::array<cell::Function, 3> functions() const {
        using cell::Function;
        const bool relu = kind == LayerKind::ReluRNN;
        return {variant.gate, relu ? Function{Function::relu} : variant.candidate, variant.output};
    }
};

/// The number of options of an activation or a norm.
constexpr int options_of(LayerKind kind) {
    const bool one = kind == LayerKind::LeakyReLU || kind == LayerKind::ELU || kind == LayerKind::Threshold;
    if (one || is_norm(kind)) return 1;
    return kind == LayerKind::Hardsigmoid || kind == LayerKind::Hardtanh ? 2 : 0;
}

/// Rows of a recurrent layer's weights, in blocks of its hidden units.
constexpr int gates_of(const LayerFacts& facts) { return gates_of(facts.kind) - (facts.variant.coupled ? 1 : 0); }
/// Rows of its per-unit weights.
constexpr int per_unit_of(const LayerFacts& facts) { return facts.variant.peepholes ? gates_of(facts) - 1 : 0; }

inline std::string describe(const cell::Function& f) {
    const auto number = [](const Ratio& ratio) { return detail::short_text(ratio.value()); };
    std::string text{f.name()};
    if (f.has_alpha(f.kind)) text += '(' + number(f.alpha) + (f.has_beta(f.kind) ? ", " + number(f.beta) + ')' : ")");
    return text;
}

/// The facts as text: "LSTM 3 -> 2 x 20, bidirectional".
inline std::string describe(const LayerFacts& facts) {
    std::string text{name_of(facts.kind)};
    if (facts.kind == LayerKind::other) return text;
    if (facts.kind == LayerKind::Skip)
        return text + " of " + std::to_string(facts.input) + " over " + std::to_string(facts.span) + " layers";
    text += ' ' + std::to_string(facts.input);
    if (facts.kind != LayerKind::Conv1d &&
        (facts.input != facts.output || is_recurrent(facts.kind) || facts.kind == LayerKind::Linear))
        text += (facts.directions == 2 ? " -> 2 x " : " -> ") + std::to_string(facts.output);
    if (facts.kind == LayerKind::Conv1d) text += " -> " + std::to_string(facts.output);
    if (reads_windows(facts.kind)) {
        const ConvolutionPlan& plan = facts.plan;
        text += ", kernel " + std::to_string(plan.kernel);
        if (plan.stride > 1) text += ", stride " + std::to_string(plan.stride);
        if (plan.dilation > 1) text += ", dilation " + std::to_string(plan.dilation);
        if (plan.groups > 1) text += ", groups " + std::to_string(plan.groups);
        if (plan.left > 0 || plan.right > 0)
            text += ", padding " + std::to_string(plan.left) + " and " + std::to_string(plan.right);
        if (plan.reflect) text += ", reflected";
        if (!facts.count_include_pad) text += ", not counted";
    }
    if (facts.kind == LayerKind::PReLU) text += facts.count == 1 ? ", one factor" : ", a factor for each feature";
    if (facts.features_first) text += ", features first";
    if (!facts.affine) text += ", no weight";
    if (facts.directions == 2) text += ", bidirectional";
    if (facts.reversed) text += ", reversed";
    if (!facts.bias) text += ", no bias";
    if (facts.projection > 0) text += ", projection " + std::to_string(facts.projection);
    for (int k = 0; k < options_of(facts.kind); ++k)
        text += (is_norm(facts.kind) ? ", eps " : ", ") + detail::short_text(facts.options[std::size_t(k)].value());
    const cell::Variant usual, &v = facts.variant;
    if (v.peepholes) text += ", peepholes";
    if (v.coupled) text += ", coupled";
    if (v.clip != usual.clip) text += ", clip " + detail::short_text(v.clip.value());
    if (v.gate != usual.gate) text += ", gates " + describe(v.gate);
    if (v.candidate != usual.candidate) text += ", candidate " + describe(v.candidate);
    if (v.output != usual.output) text += ", output " + describe(v.output);
    return text;
}

/// A layer of a network: its facts, and the positions of its tensors and its state. Each layer of a stack is one entry.
///
/// name           path in the network, "body.lstm"; for a layer of a stack of several "body.lstm, layer 1"
/// tensor, count  index of its first tensor in Net::tensors, and how many it has
/// layer, layers  index in its stack, from 0, and how many layers the stack has
/// history        elements of the state of a convolution or a pool: the inputs that it still reads
struct NetworkLayer {
    LayerFacts facts;
    Label name;
    std::size_t tensor = 0, count = 0;
    int layer = 0, layers = 1;
    std::size_t history = 0;
};

namespace detail {
template <class Layer>
constexpr LayerFacts layer_facts() {
    LayerFacts facts;
    if constexpr (requires { requires HasKind<typename Layer::cell_type>; }) {
        facts = {Layer::cell_type::kind, Layer::input_size, Layer::hidden_size, Layer::directions};
        facts.reversed = Layer::reversed;
        facts.bias = Layer::bias;
        facts.projection = Layer::projection;
        if constexpr (cell::HasVariant<typename Layer::cell_type>)
            facts.variant = cell::canonical(facts.kind, Layer::cell_type::options);
    } else if constexpr (HasKind<Layer>) {
        facts = {Layer::kind, Layer::input_size, Layer::output_size};
        if constexpr (requires { Layer::vocabulary; }) facts.input = Layer::vocabulary;
        constexpr bool may_have_bias =
            Layer::kind == LayerKind::Linear || Layer::kind == LayerKind::Conv1d || Layer::kind == LayerKind::LayerNorm;
        facts.bias = !may_have_bias || Layer::tensors.size() == 2;
        constexpr std::size_t running = Layer::kind == LayerKind::BatchNorm1d ? 3 : 0;
        facts.affine = !is_norm(Layer::kind) || Layer::tensors.size() > running;
        if constexpr (requires { Layer::plan; }) facts.plan = Layer::plan;
        if constexpr (Layer::kind == LayerKind::AvgPool1d) facts.count_include_pad = Layer::count_include_pad;
        if constexpr (requires { Layer::epsilon; }) facts.options[0] = Layer::epsilon.canonical();
        if constexpr (Layer::kind == LayerKind::PReLU) facts.count = Layer::factors;
        if constexpr (Layer::kind == LayerKind::Flatten) {
            facts.count = Layer::steps;
            facts.features_first = Layer::features_first;
        }
        if constexpr (options_of(Layer::kind) > 0 && requires { Layer::function::options; })
            for (std::size_t k = 0; k < 2; ++k) facts.options[k] = Layer::function::options[k].canonical();
    }
    return facts;
}

/// Calls visit(NetworkLayer) for each layer in order; returns how many there were.
template <class Layer, class Visit>
constexpr int each_layer(const Label& name, std::size_t tensor, Visit& visit) {
    int count = 0;
    constexpr LayerFacts facts = layer_facts<Layer>();
    if constexpr (requires { requires Layer::layers_in_order; }) {
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            const auto inner = [&](std::size_t index) {
                return Label{name}.add(name.size > 0 ? "." : "").add(Layer::labels[index].view());
            };
            ((count +=
              each_layer<typename Layer::template layer_at<k>>(inner(k), tensor + Layer::positions[k].tensor, visit)),
             ...);
        }(std::make_index_sequence<Layer::layer_count>{});
    } else if constexpr (is_recurrent(facts.kind)) {
        constexpr std::size_t tensors = Layer::tensors.size() / std::size_t(Layer::layers);
        for (; count < Layer::layers; ++count) {
            NetworkLayer one{facts, name, tensor + std::size_t(count) * tensors, tensors, count, Layer::layers};
            if (count > 0) one.facts.input = facts.directions * facts.features();
            if (Layer::layers > 1) one.name.add(", layer ").add(count);
            visit(one);
        }
    } else if constexpr (facts.kind != LayerKind::Dropout && !(facts.kind == LayerKind::Flatten && facts.count == 1)) {
        NetworkLayer one{facts, name, tensor, Layer::tensors.size()};
        if constexpr (requires { Layer::state_size; }) one.history = Layer::state_size;
        visit(one);
        count = 1;
    }
    if constexpr (requires { Layer::kind_after; }) {
        visit(NetworkLayer{{Layer::kind_after, Layer::output_size, Layer::output_size}, name});
        ++count;
    }
    if constexpr (requires { Layer::residual_size; }) {
        constexpr int size = Layer::residual_size;
        visit(NetworkLayer{{LayerKind::Skip, size, size, 1, true, count}, name});
        ++count;
    }
    return count;
}

template <class Net>
constexpr int layer_count = [] {
    const auto nothing = [](const NetworkLayer&) {};
    return each_layer<Net>(Label{}, 0, nothing);
}();
}

/// The layers of a network in order, as model files describe them. Dropout, which computes nothing at inference, and
/// a Flatten of one step are omitted.
///
/// A Sequential is the list of its layers. A network with a forward of its own is LayerKind::other, unless it states
/// `static constexpr bool layers_in_order = true`: its layers then run one after the other, in the order of the base
/// class's arguments. It may also state `static constexpr int residual_size`: its result is the last layer's output
/// plus that many of the first features of its own input.
template <class Net>
inline constexpr auto network_layers = [] {
    std::array<NetworkLayer, std::size_t(detail::layer_count<Net>)> all{};
    std::size_t k = 0;
    const auto keep = [&](const NetworkLayer& layer) { all[k++] = layer; };
    detail::each_layer<Net>(Label{}, 0, keep);
    return all;
}();

} // namespace rondo
