// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"
#include "../core/parameter_spec.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Where a layer begins in its network: index of its first tensor, offset of its state, its first layer number, and
/// offset of its state in a stream.
struct LayerPosition {
    std::size_t tensor = 0, state = 0;
    std::uint32_t number = 0;
    std::size_t stream = 0;
};

namespace detail {

/// A layer with a step kernel in K: it defines the size of its packed weights and packs them. The tensors of other
/// layers are copied unpacked.
template <class Layer, class K>
concept HasKernel = requires { Layer::template packed_size<K>; };

template <class Layer, class K>
inline constexpr std::size_t packed_size = 0;
template <class Layer, std::size_t k, class K>
constexpr std::size_t packed_before =
    packed_before<Layer, k - 1, K> + packed_size<typename Layer::template layer_at<k - 1>, K>;
template <class Layer, class K>
inline constexpr std::size_t packed_before<Layer, 0, K> = 0;

template <class Layer, class K>
    requires (!std::is_void_v<K>)
inline constexpr std::size_t packed_size<Layer, K> = [] {
    if constexpr (HasKernel<Layer, K>) return (Layer::template packed_size<K> + 63) / 64 * 64;
    else if constexpr (requires { Layer::layer_count; }) return packed_before<Layer, Layer::layer_count, K>;
    else return buffer_size<Layer> * sizeof(typename K::scalar);
}();

/// Reads weights with denormals flushed to zero, since arithmetic on denormals is slow.
template <class S>
class NormalWeights {
public:
    explicit NormalWeights(const S* values) : values_{values} {}
    S operator[](std::size_t k) const {
        const S value = values_[k];
        return std::abs(value) < (std::numeric_limits<S>::min)() ? S(0) : value;
    }

private:
    const S* values_;
};

/// Packs the weights of a layer, whose k-th tensor is at `parameters + offsets[k]`.
template <class Layer, class K, class S>
void pack(const S* parameters, const std::size_t* offsets, std::byte* to) {
    if constexpr (HasKernel<Layer, K>) {
        Layer::template pack<K>([&](std::size_t k) { return NormalWeights{parameters + offsets[k]}; }, to);
    } else if constexpr (requires { Layer::layer_count; }) {
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            (pack<typename Layer::template layer_at<k>, K>(parameters, offsets + Layer::positions[k].tensor,
                                                           to + packed_before<Layer, k, K>),
             ...);
        }(std::make_index_sequence<Layer::layer_count>{});
    } else {
        S* const numbers = reinterpret_cast<S*>(to);
        std::fill_n(numbers, buffer_size<Layer>, S(0));
        for (std::size_t k = 0; k < Layer::tensors.size(); ++k)
            for (std::size_t n = 0; n < Layer::tensors[k].size(); ++n)
                numbers[Layer::tensors[k].offset + n] = NormalWeights{parameters + offsets[k]}[n];
    }
}

/// Elements of a layer's state in a stream of one sequence, each component padded to the alignment.
template <class Layer>
constexpr std::size_t stream_size = [] {
    if constexpr (requires { Layer::layer_count; }) return Layer::stream_size;
    else if constexpr (requires { Layer::stream_size; }) return std::size_t(Layer::stream_size);
    else if constexpr (requires { Layer::state_size; }) return padded(std::size_t(Layer::state_size));
    else return std::size_t(0);
}();

} // namespace detail
} // namespace rondo
