// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/exp_column.hpp"
#include "column_operation.hpp"

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
    const S *x, *y, *dy; // (rows x N); x is not read
    S* dx;               // (rows x N)
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
using LogSoftmaxOperation = ColumnOperation<S, detail::LogSoftmaxValue<S>, detail::LogSoftmaxGradient<S>>;

} // namespace rondo
