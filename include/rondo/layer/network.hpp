// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../graph/layer_context.hpp"
#include "../graph/layer_name.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Layer>
constexpr std::size_t state_size = [] {
    if constexpr (requires { Layer::state_size; }) return std::size_t(Layer::state_size);
    else return std::size_t(0);
}();
/// Input steps for each output step.
template <class Layer>
constexpr int stride = [] {
    if constexpr (requires { Layer::stride; }) return int(Layer::stride);
    else return 1;
}();
/// Whether a step of a network with this stride has whole steps for each of its layers.
template <class Net, int of>
constexpr bool strides_fit = [] {
    // With frame_steps, each of its steps is a sequence by itself.
    if constexpr (requires { Net::layer_count; } && !requires { Net::frame_steps; })
        return []<std::size_t... k>(std::index_sequence<k...>) {
            return ((of % stride<typename Net::template layer_at<k>> == 0 &&
                     strides_fit<typename Net::template layer_at<k>, of>) &&
                    ...);
        }(std::make_index_sequence<Net::layer_count>{});
    else return true;
}();
template <class Layer>
constexpr std::uint32_t numbers = [] {
    if constexpr (requires { Layer::numbers; }) return std::uint32_t(Layer::numbers);
    else return std::uint32_t(1);
}();
template <class Layer>
constexpr Label label(std::size_t index) {
    if constexpr (requires { Layer::label; }) return Label{}.add(Layer::label);
    else return Label{}.add(int(index));
}
}

/// The base class of networks with a user-defined forward, as torch.nn.Module.
///
/// A network defines `static auto forward(auto& run, auto x)`, which calls its layers by name; it may branch, loop and
/// call a layer twice. The same function serves training, inference and streaming; its backward follows from the
/// operations it records.
///
///   struct Twin : Network<Named<"body", LSTM<8, 16>>, Named<"head", Linear<16, 2>>> {
///       static auto forward(auto& run, auto a, auto b) {
///           return run(layer<"head">, add(run, run(layer<"body">, a), run(layer<"body">, b)));
///       }
///   };
///
/// A layer is any type with `tensors` and `forward(run, x)`; networks are layers, too. A layer without a name is named
/// by its index. A call of a recurrent layer starts from zero, unless it is given states or the run has persistent
/// state; with persistent state a run may call the layer once.
///
/// Forward records a program: it can read extents, but no values. A network may define input_size and output_size
/// (needed inside a Sequential and for streaming) and vocabulary (the number of tokens, checked before a step).
template <class... Layers>
struct Network {
    static constexpr std::size_t layer_count = sizeof...(Layers);
    template <std::size_t k> using layer_at = std::tuple_element_t<k, std::tuple<Layers...>>;

    static constexpr std::array<Label, layer_count> labels = [] {
        std::array<Label, layer_count> all{};
        std::size_t k = 0;
        ((all[k] = detail::label<Layers>(k), ++k), ...);
        return all;
    }();
    static_assert(
        [] {
            for (std::size_t k = 0; k < layer_count; ++k)
                for (std::size_t j = 0; j < k; ++j)
                    if (labels[j].view() == labels[k].view()) return false;
            return true;
        }(),
        "rondo: two layers of a network have the same name");
    template <Text name>
    static constexpr std::size_t index_of = [] {
        for (std::size_t k = 0; k < layer_count; ++k)
            if (labels[k].view() == name.view()) return k;
        return detail::rejected("rondo: this network has no layer of this name");
    }();

    static constexpr std::array<LayerPosition, layer_count> positions = [] {
        std::array<LayerPosition, layer_count> all{};
        LayerPosition next{0, 0, 1, 0};
        std::size_t k = 0;
        ((all[k++] = next, next.tensor += Layers::tensors.size(), next.state += detail::state_size<Layers>,
          next.number += detail::numbers<Layers>, next.stream += detail::stream_size<Layers>),
         ...);
        return all;
    }();
    static constexpr std::size_t state_size = (detail::state_size<Layers> + ... + 0);
    static constexpr std::size_t stream_size = (detail::stream_size<Layers> + ... + 0);
    static constexpr std::uint32_t numbers = (detail::numbers<Layers> + ... + 1);

    static constexpr auto tensors = [] {
        std::array<ParameterSpec, (Layers::tensors.size() + ... + 0)> all{};
        std::size_t k = 0, index = 0, start = 0, averages = (trained_size<Layers> + ... + 0);
        const auto append = [&]<class Layer>(std::type_identity<Layer>) {
            for (ParameterSpec t : Layer::tensors) {
                t.name = Label{labels[index]}.add(".").add(t.name.view());
                t.offset = t.trained() ? start + t.offset : averages + (t.offset - trained_size<Layer>);
                all[k++] = t;
            }
            start += trained_size<Layer>;
            averages += buffer_size<Layer> - trained_size<Layer>;
            ++index;
        };
        (append(std::type_identity<Layers>{}), ...);
        return all;
    }();
};

} // namespace rondo
