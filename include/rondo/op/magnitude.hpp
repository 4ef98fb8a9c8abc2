// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"
#include "column_operation.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct MagnitudeValue {
    const S* x; // (2 rows x N)
    S* y;       // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const S *const real = x + 2 * column * rows, *const imaginary = real + rows;
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P a = part.load(real + k), b = part.load(imaginary + k);
            part.store(y + column * rows + k, math::sqrt(math::fma(a, a, b * b)));
        });
    }
};
/// dx += dy x / y, and nothing where y = 0
template <class S>
struct MagnitudeGradient {
    const S *x, *y, *dy; // (2 rows x N), (rows x N)
    S* dx;               // (2 rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const S* const real = x + 2 * column * rows;
        S* const to = dx + 2 * column * rows;
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P size = part.load(y + column * rows + k);
            const P factor = math::select(size <= P(S(0)), P(S(0)), part.load(dy + column * rows + k) / size);
            for (const std::size_t at : {k, rows + k})
                part.store(to + at, math::fma(factor, part.load(real + at), part.load(to + at)));
        });
    }
};
}

/// The operation y = sqrt(a^2 + b^2), a the first half of x's rows and b the second.
template <class S>
using MagnitudeOperation = ColumnOperation<S, detail::MagnitudeValue<S>, detail::MagnitudeGradient<S>>;

} // namespace rondo
