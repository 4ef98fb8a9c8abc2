// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/host_device.hpp"
#include "../../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The precision of cuBLAS' operands: exact (float), or rounded to tf32 or bf16 for tensor cores. Sums are in float.
///
/// Units  relative error of a term at most 2^-9 (tf32) or 2^-7 (bf16).
enum class Products { exact, tf32, bf16 };

/// A factor of a product: its strides along the rows (or columns) of the result, and along the inner dimension.
template <class S>
struct Factor {
    const S* data;
    std::size_t step, inner;
};

/// One element of c += a b, or c = a b, summed in order.
template <class S>
struct ProductElement {
    ColumnMajorView<S> c; // (M x N)
    Factor<S> a, b;       // (M x K), (K x N)
    std::size_t terms;    // K
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
