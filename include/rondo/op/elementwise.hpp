// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Elementwise functions y = f(x) and their derivatives, as functions of y.
namespace activation {

struct ReLU {
    static constexpr const char* name = "ReLU";
    static constexpr LayerKind kind = LayerKind::ReLU;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return (math::max)(P(0), x); } // NaN stays NaN
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return math::select(y <= P(0), P(0), P(1)); }
};
struct Tanh {
    static constexpr const char* name = "Tanh";
    static constexpr LayerKind kind = LayerKind::Tanh;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return math::tanh(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return P(1) - y * y; }
};
struct Sigmoid {
    static constexpr const char* name = "Sigmoid";
    static constexpr LayerKind kind = LayerKind::Sigmoid;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return math::sigmoid(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return y * (P(1) - y); }
};

}

namespace detail {
template <class Function, int Rows, class S>
struct ActivationValue {
    const S* x;
    S* y;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * Rows + std::size_t(unit);
        L::store(y + at, Function::value(L::load(x + at)));
    }
};
template <class Function, int Rows, class S>
struct ActivationGradient {
    const S *y, *dy;
    S* dx;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * Rows + std::size_t(unit);
        L::store(dx + at, L::load(dx + at) + L::load(dy + at) * Function::gradient(L::load(y + at)));
    }
};
}

/// The operation y = f(x), elementwise.
template <class Function, class S, int Rows>
struct Elementwise {
    SequenceView<const S, Rows> x;
    SequenceView<S, Rows> y;

    template <class Run>
    void forward(Run& run) const {
        run.backend().template units<Rows>(detail::ActivationValue<Function, Rows, S>{x.value, y.value}, x.columns());
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            const std::size_t at = first * Rows;
            run.backend().template units<Rows>(
                detail::ActivationGradient<Function, Rows, S>{y.value + at, y.gradient + at, x.gradient + at}, count);
        });
    }
};

} // namespace rondo
