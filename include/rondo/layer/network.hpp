// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../graph/layer_name.hpp"
#include "../graph/layer_context.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Layer>
constexpr std::size_t state_size = [] {
    if constexpr (requires { Layer::state_size; }) return std::size_t(Layer::state_size);
    else return std::size_t(0);
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

/// What a network's own layers make together: the base of any network with a forward of its own.
///
/// A network states one function, `static auto forward(auto& run, auto x)`, which calls its layers by name; it may
/// branch, loop and call a layer twice. The same function trains, infers and streams; its backward is that of the
/// operations that it records.
///
///   struct Twin : Network<Named<"body", LSTM<8, 16>>, Named<"head", Linear<16, 2>>> {
///       static auto forward(auto& run, auto a, auto b) {
///           return run(layer<"head">, add(run, run(layer<"body">, a), run(layer<"body">, b)));
///       }
///   };
///
/// A layer is any type with `tensors` and `forward(run, x)`; networks are layers, too. Layers without a name are called
/// by their index. Every call of a recurrent layer starts from zero, unless it is given states or the run carries its
/// state; a run that carries state may call it once.
///
/// Forward records what is to be computed: it may look at extents, but at no value. It may state input_size and
/// output_size (to stand in a Sequential, or to be streamed) and vocabulary (the number of tokens it reads, so that
/// they are checked before a step).
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
        std::size_t k = 0, index = 0, start = 0;
        const auto append = [&]<class Layer>(std::type_identity<Layer>) {
            for (ParameterSpec t : Layer::tensors) {
                t.name = Label{labels[index]}.add(".").add(t.name.view());
                t.offset += start;
                all[k++] = t;
            }
            start += buffer_size<Layer>;
            ++index;
        };
        (append(std::type_identity<Layers>{}), ...);
        return all;
    }();
};

} // namespace rondo
