// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct Scale {
    S* p;
    S factor;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        L::store(p + k, L::load(p + k) * typename L::P(factor));
    }
};
template <class S>
struct Clamp {
    S* p;
    S limit;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        L::store(p + k, (math::max)(P(-limit), (math::min)(P(limit), L::load(p + k))));
    }
};
}

/// Scales a gradient so that its norm over all parameters is at most `limit`.
///
///   g *= min(1, limit / (|g| + 1e-6))                                         (1)
///
/// Source  Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks" (2013), section 3.2.
template <class B, class S = typename B::scalar>
void clip_norm(B& backend, S* gradient, std::size_t size, double norm, double limit) {
    const double factor = limit / (norm + 1e-6);
    if (factor < 1) backend.elements(detail::Scale<S>{gradient, S(factor)}, size);
}

/// Clamps each element of a gradient to [-limit, limit].
template <class B, class S = typename B::scalar>
void clip_value(B& backend, S* gradient, std::size_t size, double limit) {
    backend.elements(detail::Clamp<S>{gradient, S(limit)}, size);
}

} // namespace rondo
