// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../simd/exp_column.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// y = x - log sum_k exp(x_k)
template <class S>
struct LogSoftmaxValue {
    const S* x; // (rows x N)
    S* y;       // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        const auto [top, sum] = exp_column<P>(x + first, rows, [](PartialPack<P>, std::size_t, P) {});
        const P least(top), log_sum(std::log(sum));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(y + first + k, part.load(x + first + k) - least - log_sum);
        });
    }
};
/// dx += dy - exp(y) sum_k dy_k
template <class S>
struct LogSoftmaxGradient {
    const S *y, *dy; // (rows x N)
    S* dx;           // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        P each(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) { each = each + part.load(dy + first + k); });
        const P sum(math::sum(each));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = first + k;
            part.store(dx + at, part.load(dx + at) + part.load(dy + at) - math::exp(part.load(y + at)) * sum);
        });
    }
};
}

/// The operation of the logarithm of softmax over the features of each column.
template <class S>
struct LogSoftmaxOperation {
    DynamicSequenceView<const S> x; // (Size x T B)
    DynamicSequenceView<S> y;       // (Size x T B)

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(detail::LogSoftmaxValue<S>{x.value, y.value, x.rows}, x.columns());
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            const std::size_t at = first * x.rows;
            run.backend().columns(detail::LogSoftmaxGradient<S>{y.value + at, y.gradient + at, x.gradient + at, x.rows},
                                  count);
        });
    }
};

} // namespace rondo
