// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"

#include <cstddef>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A layer with a name: its parameters are called "<name>.<parameter>".
template <Text name, class Layer>
struct Named : Layer {
    static constexpr std::string_view label = name.view();
};

struct AnyLayerName {};
/// A layer's name as a type. It looks up the index itself, since nvcc does not deduce template arguments of type Text.
template <Text name>
struct LayerName : AnyLayerName {
    template <class Network> static constexpr std::size_t index_in = Network::template index_of<name>;
};

/// Names a sublayer in a network's forward: run(layer<"lstm">, x).
template <Text name> inline constexpr LayerName<name> layer{};

} // namespace rondo
