// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

// The functors of batch normalization: of each column, and of the statistics of all.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// y = (x - mean) scale, times w and plus b if there are any, for each column
template <class S>
struct NormalizeFeatures {
    const S *x, *mean, *scale, *w, *b; // (rows x N), (rows); w null: without w and b
    S* y;                              // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P z = (part.load(x + column * rows + k) - part.load(mean + k)) * part.load(scale + k);
            part.store(y + column * rows + k, w ? math::fma(z, part.load(w + k), part.load(b + k)) : z);
        });
    }
};
/// p = x - mean, or its square
template <class S>
struct CenteredPower {
    const S *x, *mean; // (rows x N), (rows)
    S* p;              // (rows x N)
    std::size_t rows;
    bool squared;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P d = part.load(x + column * rows + k) - part.load(mean + k);
            part.store(p + column * rows + k, squared ? d * d : d);
        });
    }
};
/// p = dy (x - mean) scale
template <class S>
struct NormalizedProduct {
    const S *x, *dy, *mean, *scale; // (rows x N), (rows)
    S* p;                           // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            part.store(p + at, (part.load(x + at) - part.load(mean + k)) * part.load(scale + k) * part.load(dy + at));
        });
    }
};
/// dx += w scale (dy - (db + z dw) / n) with z = (x - mean) scale; without the sums over the batch if n is 0
template <class S>
struct NormalizeFeaturesGradient {
    const S *x, *dy, *mean, *scale, *w, *db, *dw; // (rows x N), (rows); w null: 1
    S* dx;                                        // (rows x N)
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const P part_of_sum(n > S(0) ? S(1) / n : S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            const P inverse = part.load(scale + k);
            P d = part.load(dy + at);
            if (n > S(0)) {
                const P z = (part.load(x + at) - part.load(mean + k)) * inverse;
                d = d - math::fma(z, part.load(dw + k), part.load(db + k)) * part_of_sum;
            }
            const P factor = w ? part.load(w + k) * inverse : inverse;
            part.store(dx + at, math::fma(d, factor, part.load(dx + at)));
        });
    }
};
/// Functors for one call over all features, from sums to statistics.
template <class S>
struct MeanOfSum { // mean += sum / n
    const S* sum;
    S* mean;
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(mean + k, part.load(mean + k) + part.load(sum + k) / P(n));
        });
    }
};
template <class S>
struct ScaleOfSquares { // variance = squares / n, scale = 1 / sqrt(variance + eps)
    const S* squares;
    S *variance, *scale;
    std::size_t rows;
    S n, eps;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P v = part.load(squares + k) / P(n);
            part.store(variance + k, v);
            part.store(scale + k, P(S(1)) / math::sqrt(v + P(eps)));
        });
    }
};
/// The sums that update_averages divides by their number of terms, and this number. The variance is the unbiased one.
template <class S>
struct AddStatistics {
    const S *mean, *variance;
    S *to_mean, *to_variance, *to_count;
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(to_mean + k, math::fma(part.load(mean + k), P(n), part.load(to_mean + k)));
            part.store(to_variance + k,
                       math::fma(part.load(variance + k), P(n * (n / (n - S(1)))), part.load(to_variance + k)));
        });
        *to_count += n;
    }
};

} // namespace rondo::detail
