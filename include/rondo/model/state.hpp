// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"
#include "../layer/network.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Where a recurrent layer's states are in a State, and how many layers were found.
struct StatePlace {
    std::size_t offset = 0;
    int layers = 0, size = 0, h_size = 0, components = 0, found = 0;
    constexpr int units(int component) const { return component == 0 ? h_size : size; }
    constexpr std::size_t at(int component) const {
        return component == 0 ? 0
                              : padded(std::size_t(h_size)) + std::size_t(component - 1) * padded(std::size_t(size));
    }
};

/// The recurrent layer of that name, a path such as "body.lstm"; with an empty name all layers match.
template <class Layer>
constexpr void find_state(std::string_view name, std::size_t offset, StatePlace& place) {
    if constexpr (stream_size<Layer> == 0) { // nothing persists between steps
        return;
    } else if constexpr (requires {
                             Layer::components;
                             Layer::h_size;
                             Layer::layers;
                         }) {
        if (name.empty())
            place = {offset, Layer::layers, Layer::hidden_size, Layer::h_size, Layer::components, place.found + 1};
    } else if constexpr (requires { Layer::layer_count; }) {
        const auto visit = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
            const std::string_view label = Layer::labels[k].view();
            const bool inside = name.size() > label.size() && name.starts_with(label) && name[label.size()] == '.';
            if (name.empty() || name == label || inside)
                find_state<typename Layer::template layer_at<k>>(inside ? name.substr(label.size() + 1) : "",
                                                                 offset + Layer::positions[k].stream, place);
        };
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            (visit(std::integral_constant<std::size_t, k>{}), ...);
        }(std::make_index_sequence<Layer::layer_count>{});
    }
}
template <class Net, Text name>
inline constexpr StatePlace state_place = [] {
    StatePlace place;
    find_state<Net>(name.view(), 0, place);
    return place;
}();
} // namespace detail

/// The states of a network's recurrent layers and what its convolutions read of earlier steps, for one sequence, which
/// persist between steps: a regular value of constant size. Copy it to save it, assign it to restore it.
///
///   state.h<"lstm">(1)[k] = 0.5f;       // h of the second layer of the stack "lstm", unit k
///   std::ranges::copy(c, state.c().begin()); // a network with one recurrent layer needs no name
///
/// Shapes  for each recurrent layer, in the network's order: for each of its layers each component (h; for LSTM also
///         c), padded to a multiple of 16 numbers.
/// Memory  none on the heap.
template <class Net, class S = float>
class State {
public:
    static constexpr std::size_t size = detail::stream_size<Net>;

    bool operator==(const State&) const = default;
    void reset() noexcept { numbers_.fill(S(0)); }
    std::span<S, size> numbers() noexcept { return std::span<S, size>{numbers_.data(), size}; }
    std::span<const S, size> numbers() const noexcept { return std::span<const S, size>{numbers_.data(), size}; }

    /// The hidden state h, or the cell state c, of the recurrent layer with this name, a path such as "body.lstm": one
    /// number for each hidden unit (for each of a projected h). `layer` counts the layers of a stack from 0.
    template <Text name = "">
    auto h(int layer = 0) noexcept {
        return part<name, 0>(numbers_.data(), layer);
    }
    template <Text name = "">
    auto h(int layer = 0) const noexcept {
        return part<name, 0>(numbers_.data(), layer);
    }
    template <Text name = "">
    auto c(int layer = 0) noexcept {
        return part<name, 1>(numbers_.data(), layer);
    }
    template <Text name = "">
    auto c(int layer = 0) const noexcept {
        return part<name, 1>(numbers_.data(), layer);
    }

private:
    template <Text name, int component, class T>
    static auto part(T* numbers, [[maybe_unused]] int layer) noexcept {
        constexpr detail::StatePlace place = detail::state_place<Net, name>;
        static_assert(place.found > 0, "rondo::State: this network has no recurrent layer of this name");
        static_assert(place.found < 2, "rondo::State: this network has several recurrent layers: name one of them");
        static_assert(place.found != 1 || component < place.components, "rondo::State: this layer's state has no c");
        assert(layer >= 0 && layer < place.layers);
        constexpr auto units = std::size_t(place.units(component));
        return std::span<T, units>{
            numbers + place.offset + std::size_t(layer) * place.at(place.components) + place.at(component), units};
    }

    alignas(64) std::array<S, std::max<std::size_t>(size, 1)> numbers_{};
};

} // namespace rondo
