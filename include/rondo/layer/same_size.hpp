// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"

#include <array>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// What a layer without parameters says of itself, whose output has as many features as its input.
template <LayerKind layer_kind, int Size>
struct SameSizeLayer {
    static constexpr LayerKind kind = layer_kind;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
};

} // namespace rondo::detail
