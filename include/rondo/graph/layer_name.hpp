// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"

#include <cstddef>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A layer under a name of its own: its parameters are called "<name>.<parameter>".
template <Text name, class Layer>
struct Named : Layer {
    static constexpr std::string_view label = name.view();
};

/// A name is asked where its layer is, for nvcc deduces no template argument that is a Text.
struct AnyLayerName {};
template <Text name>
struct LayerName : AnyLayerName {
    template <class Network> static constexpr std::size_t index_in = Network::template index_of<name>;
};

/// How a network's forward calls a layer of its own: run(layer<"lstm">, x).
template <Text name> inline constexpr LayerName<name> layer{};

} // namespace rondo
