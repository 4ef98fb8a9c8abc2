// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The weights and the bias of a depthwise convolution as a stream reads them.
template <class S, int Size, int Kernel>
struct DepthwiseKernel {
    static constexpr std::size_t first = padded(std::size_t(Size)),
                                 size = (first + std::size_t(Size) * Kernel) * sizeof(S);
    static const S* bias(const std::byte* packed) { return reinterpret_cast<const S*>(packed); }
    static const S* weights(const std::byte* packed) { return bias(packed) + first; }

    /// tensor(0) is the weight, tensor(1) the bias if there is one.
    template <bool has_bias>
    static void pack(const auto& tensor, std::byte* to) {
        S* const numbers = reinterpret_cast<S*>(to);
        const auto weight = tensor(0);
        for (std::size_t r = 0; r < std::size_t(Size); ++r) {
            numbers[r] = S(0);
            if constexpr (has_bias) numbers[r] = tensor(1)[r];
            for (std::size_t k = 0; k < std::size_t(Kernel); ++k)
                numbers[first + k * Size + r] = weight[r * Kernel + k];
        }
    }
};

} // namespace rondo
