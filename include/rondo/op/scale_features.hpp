// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// y = factor x + shift, feature by feature: a normalization by fixed statistics.
template <class S>
struct ScaleFeatures {
    const S *x, *factor, *shift; // (rows x N), (rows)
    S* y;                        // (rows x N)
    std::size_t rows, count;     // count: N
    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(*this, count);
    }
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(y + column * rows + k,
                       math::fma(part.load(x + column * rows + k), part.load(factor + k), part.load(shift + k)));
        });
    }
};

} // namespace rondo
