// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"
#include "../core/parameter_spec.hpp"
#include "layer_name.hpp"

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

/// A layer without its name.
template <class Layer>
struct Unnamed {
    using type = Layer;
};
template <Text name, class Layer> struct Unnamed<Named<name, Layer>> : Unnamed<Layer> {};

/// Layers y = factor x + shift, feature by feature, and those whose packed weights can contain such a layer after them:
/// the second argument of their pack says that there is a bias.
template <class Layer> inline constexpr bool is_scale = false;
template <class Layer> inline constexpr bool takes_scale = false;

/// Whether the k-th layer of a network is a part of the packed weights of the one before it, and is not run.
template <class Layer, std::size_t k, class K>
constexpr bool folded = [] {
    if constexpr (k > 0 && !std::is_void_v<K> && requires { requires Layer::folds; }) {
        if constexpr (k < Layer::layer_count) {
            using Before = typename Unnamed<typename Layer::template layer_at<k - 1>>::type;
            using Scale = typename Unnamed<typename Layer::template layer_at<k>>::type;
            return is_scale<Scale> && takes_scale<Before> && HasKernel<Before, K>;
        }
    }
    return false;
}();

/// A weight, zero instead of a denormal one, since arithmetic on denormals is slow.
template <class S>
S normal_weight(S value) {
    return std::abs(value) < (std::numeric_limits<S>::min)() ? S(0) : value;
}
template <class S>
class NormalWeights {
public:
    explicit NormalWeights(const S* values) : values_{values} {}
    S operator[](std::size_t k) const { return normal_weight(values_[k]); }

private:
    const S* values_;
};

/// Tensors of a layer, with the scale after it: tensor(0) the weight, whose rows are outputs, tensor(1) the bias.
template <class Scale, bool bias, class Tensors, class ScaleTensors>
struct ScaledTensors {
    Tensors tensor;
    ScaleTensors scale;
    std::size_t columns; // of the weight

    struct Values {
        ScaledTensors of;
        std::size_t tensor;
        auto operator[](std::size_t k) const {
            using S = decltype(of.tensor(0)[0]);
            if (tensor == 0)
                return normal_weight(S(double(of.tensor(0)[k]) * Scale::scale(of.scale, k / of.columns).factor));
            const auto by = Scale::scale(of.scale, k);
            double value = by.shift;
            if constexpr (bias) value += double(of.tensor(1)[k]) * by.factor;
            return normal_weight(S(value));
        }
    };
    Values operator()(std::size_t k) const { return {*this, k}; }
};

/// The kernels of the k-th layer of a network: K, or those in float if K keeps a layer of its name so.
template <class Layer, std::size_t k, class K>
struct KernelsOfLayer {
    using type = K;
};
template <class Layer, std::size_t k, class K>
    requires (K::keeps(Layer::labels[k].view()))
struct KernelsOfLayer<Layer, k, K> {
    using type = typename K::in_scalars;
};
template <class Layer, std::size_t k, class K> using LayerKernels = typename KernelsOfLayer<Layer, k, K>::type;

template <class Layer, class K>
inline constexpr std::size_t packed_size = 0;
template <class Layer, std::size_t k, class K>
constexpr std::size_t packed_before =
    packed_before<Layer, k - 1, K> +
    (folded<Layer, k - 1, K> ? 0
                             : packed_size<typename Layer::template layer_at<k - 1>, LayerKernels<Layer, k - 1, K>>);
template <class Layer, class K>
inline constexpr std::size_t packed_before<Layer, 0, K> = 0;

template <class Layer, class K>
    requires (!std::is_void_v<K>)
inline constexpr std::size_t packed_size<Layer, K> = [] {
    if constexpr (HasKernel<Layer, K>) return (Layer::template packed_size<K> + 63) / 64 * 64;
    else if constexpr (requires { Layer::layer_count; }) return packed_before<Layer, Layer::layer_count, K>;
    else return buffer_size<Layer> * sizeof(typename K::scalar);
}();

template <class Layer, class K, class Source>
void pack(const Source& tensor, std::size_t first, std::byte* to);
/// Packs the k-th layer of a network.
template <class Layer, std::size_t k, class K, class Source>
void pack_layer(const Source& tensor, std::size_t first, std::byte* to) {
    using Part = typename Layer::template layer_at<k>;
    using Kernels = LayerKernels<Layer, k, K>;
    const auto tensors_of = [&](std::size_t layer) {
        return [&tensor, at = first + Layer::positions[layer].tensor](std::size_t n) { return tensor(at + n); };
    };
    if constexpr (folded<Layer, k + 1, K>) {
        using Scale = typename Layer::template layer_at<k + 1>;
        constexpr bool bias = Part::tensors.size() > 1;
        const auto tensors = tensors_of(k), scale = tensors_of(k + 1);
        Part::template pack<Kernels, true>(
            ScaledTensors<Scale, bias, decltype(tensors_of(k)), decltype(tensors_of(k))>{
                tensors, scale, std::size_t(Part::tensors[0].columns)},
            to);
    } else if constexpr (!folded<Layer, k, K>) {
        pack<Part, Kernels>(tensor, first + Layer::positions[k].tensor, to);
    }
}

/// Packs the weights of a layer, whose k-th tensor is tensor(first + k), indexed as in a Model's buffer.
template <class Layer, class K, class Source>
void pack(const Source& tensor, std::size_t first, std::byte* to) {
    if constexpr (HasKernel<Layer, K>) {
        Layer::template pack<K>([&](std::size_t k) { return tensor(first + k); }, to);
    } else if constexpr (requires { Layer::layer_count; }) {
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            (pack_layer<Layer, k, K>(tensor, first, to + packed_before<Layer, k, K>), ...);
        }(std::make_index_sequence<Layer::layer_count>{});
    } else {
        using S = typename K::scalar;
        S* const numbers = reinterpret_cast<S*>(to);
        std::fill_n(numbers, buffer_size<Layer>, S(0));
        for (std::size_t k = 0; k < Layer::tensors.size(); ++k) {
            const auto from = tensor(first + k);
            for (std::size_t n = 0; n < Layer::tensors[k].size(); ++n) numbers[Layer::tensors[k].offset + n] = from[n];
        }
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
