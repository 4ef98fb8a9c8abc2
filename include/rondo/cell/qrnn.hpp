// SPDX-License-Identifier: MIT
#pragma once

#include "linear_concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// The gates of a QRNN's pooling: f; f and o; or i, f and o.
enum class Pooling { f, fo, ifo };

/// The pooling of a quasi-recurrent neural network, over gates that a convolution computes.
///
///   z, f, o, i = tanh(a_z), sigmoid(a_f), sigmoid(a_o), sigmoid(a_i)          (1)
///   c' = f c + (1 - f) z, or with ifo f c + i z                               (2)
///   h' = o c', or with f alone c'                                             (3)
///
/// Source  Bradbury, Merity, Xiong & Socher, "Quasi-recurrent neural networks" (2016), arXiv:1611.01576, section 2.1,
///         eqs. (3) to (5).
template <Pooling pooling>
struct QRNN {
    static constexpr bool gated = pooling != Pooling::f, free = pooling == Pooling::ifo;
    static constexpr int gates = free ? 4 : gated ? 3 : 2;
    static constexpr LinearShape shape{.gates = gates, .output = gated, .bounded = !free};

    template <class S>
    RONDO_CELL static LinearStep<QRNN, S> linear(const Values<S, gates>& pre, S, const Values<S, 0>&) {
        const S f = math::sigmoid(pre[1]), z = math::tanh(pre[0]);
        if constexpr (free) return {.a = {f}, .b = {math::sigmoid(pre[3]) * z}};
        else return {.a = {f}, .b = {(S(1.f) - f) * z}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, gates>& pre, S, const Values<S, 0>&,
                                           const LinearStep<QRNN, S>& d, LinearGradient<QRNN, S>& to) {
        const S f = math::sigmoid(pre[1]), z = math::tanh(pre[0]);
        S df = d.a[0], dz = d.b[0];
        if constexpr (free) {
            const S i = math::sigmoid(pre[3]);
            to.pre[3] = to.pre[3] + d.b[0] * z * i * (S(1.f) - i);
            dz = dz * i;
        } else {
            df = df - d.b[0] * z;
            dz = dz * (S(1.f) - f);
        }
        to.pre[0] = to.pre[0] + dz * (S(1.f) - z * z);
        to.pre[1] = to.pre[1] + df * f * (S(1.f) - f);
    }

    template <class S>
    RONDO_CELL static S output(const Values<S, gates>& pre, S, const Values<S, 1>& c)
        requires (gated)
    {
        return math::sigmoid(pre[2]) * c[0];
    }
    template <class S>
    RONDO_CELL static void output_backward(const Values<S, gates>& pre, S, const Values<S, 1>& c, S dy,
                                           LinearGradient<QRNN, S>& to)
        requires (gated)
    {
        const S o = math::sigmoid(pre[2]);
        to.pre[2] = to.pre[2] + dy * c[0] * o * (S(1.f) - o);
        to.state[0] = to.state[0] + dy * o;
    }
};

} // namespace rondo::cell
