// SPDX-License-Identifier: MIT
#pragma once

#include "../../math/functions.hpp"

namespace rondo::inline v0_1 {

namespace gpu {

/// What a kernel's cells compute with: on a device, floats whose quotients and exponentials are those of its own
/// instructions.
///
/// Units  on a device, tanh within 5e-7 and 8 ulp, sigmoid within 2e-7 of the exact ones.
template <class S>
struct Number {
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
    RONDO_HOST_DEVICE friend bool operator>(Number a, Number b) { return a.value > b.value; }
    RONDO_HOST_DEVICE static Number load(const S* from) { return *from; }
};

} // namespace gpu

namespace math {

template <class S>
struct Functions<gpu::Number<S>> : ScalarFunctions<gpu::Number<S>> {
    using N = gpu::Number<S>;
    RONDO_HOST_DEVICE static N exp(N x) { return Functions<S>::exp(x.value); }
    RONDO_HOST_DEVICE static N sqrt(N x) { return Functions<S>::sqrt(x.value); }
    RONDO_HOST_DEVICE static N tanh(N x) { return Functions<S>::tanh(x.value); }
    RONDO_HOST_DEVICE static N sigmoid(N x) { return Functions<S>::sigmoid(x.value); }
};

#ifdef __CUDA_ARCH__
template <>
RONDO_HOST_DEVICE inline gpu::Number<float> Functions<gpu::Number<float>>::tanh(gpu::Number<float> x) {
    const auto [n, d] = tanh_quotient(x.value);
    return __fdividef(n, d);
}
template <>
RONDO_HOST_DEVICE inline gpu::Number<float> Functions<gpu::Number<float>>::sigmoid(gpu::Number<float> x) {
    return __fdividef(1.f, 1.f + __expf(-x.value));
}
#endif

} // namespace math

} // namespace rondo
