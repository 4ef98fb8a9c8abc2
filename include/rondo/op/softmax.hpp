// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/exp_column.hpp"
#include "column_operation.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct SoftmaxValue {
    const S* x; // (rows x N)
    S* y;       // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        S* const to = y + column * rows;
        const P sum(exp_column<P>(x + column * rows, rows, [to](PartialPack<P> part, std::size_t k, P e) {
                        part.store(to + k, e);
                    }).sum);
        for_each_pack<P>(rows,
                         [&](PartialPack<P> part, std::size_t k) { part.store(to + k, part.load(to + k) / sum); });
    }
};
/// dx += y (dy - sum_k y_k dy_k)
template <class S>
struct SoftmaxGradient {
    const S *x, *y, *dy; // (rows x N); x is not read
    S* dx;               // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        P sum(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            sum = math::fma(part.load(y + first + k), part.load(dy + first + k), sum);
        });
        const P mean(math::sum(sum));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = first + k;
            part.store(dx + at, math::fma(part.load(y + at), part.load(dy + at) - mean, part.load(dx + at)));
        });
    }
};
}

/// The operation of softmax over the features of each column.
template <class S>
using SoftmaxOperation = ColumnOperation<S, detail::SoftmaxValue<S>, detail::SoftmaxGradient<S>>;

} // namespace rondo
