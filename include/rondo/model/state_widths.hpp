// SPDX-License-Identifier: MIT
#pragma once

#include "../layer/network.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Calls f(width) for each part of a layer's persistent state: a state of N sequences is a row of (width x N) matrices,
/// one for each component of each layer and direction.
template <class Layer, class F>
constexpr void each_state_width(F& f) {
    if constexpr (state_size<Layer> == 0) {
        return;
    } else if constexpr (requires { Layer::layer_count; }) {
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            (each_state_width<typename Layer::template layer_at<k>>(f), ...);
        }(std::make_index_sequence<Layer::layer_count>{});
    } else if constexpr (requires {
                             Layer::components;
                             Layer::hidden_size;
                         }) {
        for (std::size_t k = 0; k < state_size<Layer>; k += std::size_t(Layer::hidden_size))
            f(std::size_t(Layer::hidden_size));
    } else {
        f(state_size<Layer>);
    }
}

/// The widths of all parts of a network's persistent state.
template <class Net>
inline constexpr auto state_widths = [] {
    constexpr std::size_t count = [] {
        std::size_t parts = 0;
        auto add = [&](std::size_t) { ++parts; };
        each_state_width<Net>(add);
        return parts;
    }();
    std::array<std::size_t, count> all{};
    std::size_t k = 0;
    auto add = [&](std::size_t width) { all[k++] = width; };
    each_state_width<Net>(add);
    return all;
}();

} // namespace rondo::detail
