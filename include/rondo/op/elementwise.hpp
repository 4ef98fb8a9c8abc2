// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../simd/activation.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

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
    const S *x, *y, *dy;
    S* dx;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * Rows + std::size_t(unit);
        L::store(dx + at, L::load(dx + at) + L::load(dy + at) * gradient(L::load(x + at), L::load(y + at)));
    }

private:
    template <class P>
    RONDO_HOST_DEVICE static P gradient(P from, P to) {
        if constexpr (requires { Function::gradient(from, to); }) return Function::gradient(from, to);
        else return Function::gradient(to);
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
            run.backend().template units<Rows>(detail::ActivationGradient<Function, Rows, S>{x.value + at, y.value + at,
                                                                                             y.gradient + at,
                                                                                             x.gradient + at},
                                               count);
        });
    }
};

} // namespace rondo
