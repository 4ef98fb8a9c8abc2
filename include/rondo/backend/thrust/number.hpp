// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/functions.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace gpu {

/// The scalar of cells in a kernel: on a device, float with its fast division and exponential, which are less accurate
/// than the host's.
template <class S>
struct Number {
    using scalar = S;
    S value;
    Number() = default;
    RONDO_HOST_DEVICE constexpr Number(S x) : value{x} {}
    RONDO_HOST_DEVICE explicit operator S() const { return value; }

    RONDO_HOST_DEVICE friend Number operator+(Number a, Number b) { return a.value + b.value; }
    RONDO_HOST_DEVICE friend Number operator-(Number a, Number b) { return a.value - b.value; }
    RONDO_HOST_DEVICE friend Number operator*(Number a, Number b) { return a.value * b.value; }
    RONDO_HOST_DEVICE friend Number operator/(Number a, Number b) { return a.value / b.value; }
    RONDO_HOST_DEVICE friend Number operator-(Number a) { return -a.value; }
    RONDO_HOST_DEVICE friend bool operator<(Number a, Number b) { return a.value < b.value; }
    RONDO_HOST_DEVICE friend bool operator<=(Number a, Number b) { return a.value <= b.value; }
    RONDO_HOST_DEVICE friend bool operator>(Number a, Number b) { return a.value > b.value; }
};

} // namespace gpu

namespace math {

template <class S>
struct Functions<gpu::Number<S>> : ScalarFunctions<gpu::Number<S>> {
    using N = gpu::Number<S>;
    RONDO_HOST_DEVICE static N exp(N x) { return Functions<S>::exp(x.value); }
    RONDO_HOST_DEVICE static N sqrt(N x) { return Functions<S>::sqrt(x.value); }
    RONDO_HOST_DEVICE static N erf(N x) { return Functions<S>::erf(x.value); }
    RONDO_HOST_DEVICE static N log1p(N x) { return Functions<S>::log1p(x.value); }
    RONDO_HOST_DEVICE static N tanh(N x) {
#ifdef __CUDA_ARCH__
        if constexpr (std::is_same_v<S, float>) {
            const auto [n, d] = tanh_quotient(x.value);
            return __fdividef(n, d);
        }
#endif
        return Functions<S>::tanh(x.value);
    }
    RONDO_HOST_DEVICE static N sigmoid(N x) {
#ifdef __CUDA_ARCH__
        if constexpr (std::is_same_v<S, float>) return __fdividef(1.f, 1.f + __expf(-x.value));
#endif
        return Functions<S>::sigmoid(x.value);
    }
};

} // namespace math

} // namespace rondo
