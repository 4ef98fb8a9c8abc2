// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/host_device.hpp"
#include "../../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// What cuBLAS multiplies: floats, or, on tensor cores, what is left of them in 10 or 7 binary digits behind the point.
/// Sums are floats.
///
/// Units  a term of a sum within 2^-9 (tf32) or 2^-7 (bf16) of itself.
enum class Products { exact, tf32, bf16 };

/// One side of a product: `step` numbers from an output row (or column) to the next, `inner` from a term to the next.
template <class S>
struct Factor {
    const S* data;
    std::size_t step, inner;
};

/// One element of c += a b, or c = a b, its terms added in order.
template <class S>
struct ProductElement {
    ColumnMajorView<S> c;
    Factor<S> a, b;
    std::size_t terms;
    bool add;

    RONDO_HOST_DEVICE void operator()(std::size_t at) const {
        const std::size_t row = at % c.rows, column = at / c.rows;
        S sum = 0;
        for (std::size_t k = 0; k < terms; ++k)
            sum += a.data[row * a.step + k * a.inner] * b.data[column * b.step + k * b.inner];
        S& to = c.data[row + column * c.stride];
        to = add ? to + sum : sum;
    }
};

} // namespace rondo::gpu
