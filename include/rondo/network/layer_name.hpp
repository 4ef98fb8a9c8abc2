// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"

#include <string_view>

namespace rondo::inline v0_1 {

/// A layer under a name of its own: its parameters are called "<name>.<parameter>".
template <Text name, class Layer>
struct Named : Layer {
    static constexpr std::string_view label = name.view();
};

template <Text name> struct LayerName {};

/// How a network's forward calls a layer of its own: run(layer<"lstm">, x).
template <Text name> inline constexpr LayerName<name> layer{};

} // namespace rondo
