// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/host_device.hpp"
#include "../../core/view.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {

// Functors of Thrust's for_each, named since lambdas would need nvcc's --extended-lambda.

// Calls f(row, column) for element k of a column-major matrix.
template <class F>
struct AtRowAndColumn {
    F f;
    std::size_t rows;
    RONDO_HOST_DEVICE void operator()(std::size_t k) const {
        if (k >> 32) return f(k % rows, k / rows);
        const auto at = std::uint32_t(k), of = std::uint32_t(rows); // 32-bit division is much faster on a device
        f(at % of, at / of);
    }
};
template <class Unit, int H, class L>
struct AtUnit {
    Unit unit;
    RONDO_HOST_DEVICE void operator()(std::size_t k) const { unit.template run<L>(k / H, int(k % H)); }
};
template <class Element, class L>
struct AtElement {
    Element element;
    RONDO_HOST_DEVICE void operator()(std::size_t k) const { element.template run<L>(k); }
};
template <class Column, class S>
struct AtColumn {
    Column column;
    RONDO_HOST_DEVICE void operator()(std::size_t k) const { column.template run<S>(k); }
};

// y = x, or y += x
template <class S, bool add>
struct WriteColumns {
    ColumnMajorView<S> y; // (M x N)
    const S* x;           // (M x N)
    std::size_t stride;   // of x; 0 broadcasts one column
    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t column) const {
        S& to = y.data[row + column * y.stride];
        const S value = x[row + column * stride];
        to = add ? to + value : value;
    }
};
// One level of the tree that reduces columns: 64 at a time, one thread for each row. Zeros at the end change no bit.
template <class S>
struct AddSomeColumns {
    static constexpr std::size_t some = 64;
    S* sums;                    // (M x ceil(N / 64))
    ColumnMajorView<const S> x; // (M x N)
    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t part) const {
        const S* const from = x.data + row + part * some * x.stride;
        const std::size_t left = x.columns - part * some;
        S sum = 0;
        if (left >= some) {
            RONDO_UNROLL
            for (std::size_t n = 0; n < some; ++n) sum += from[n * x.stride];
        } else {
            for (std::size_t n = 0; n < left; ++n) sum += from[n * x.stride];
        }
        sums[row + part * x.rows] = sum;
    }
};
// Its root: sum += the sum of x's columns; the first rows also to a second sum.
template <class S>
struct AddColumns {
    ColumnMajorView<const S> x; // (M x N), N <= 64
    S *sum, *second;            // (M), (second_rows)
    std::size_t second_rows;
    RONDO_HOST_DEVICE void operator()(std::size_t row) const {
        S all = 0;
        for (std::size_t n = 0; n < x.columns; ++n) all += x.data[row + n * x.stride];
        sum[row] += all;
        if (row < second_rows) second[row] += all;
    }
};

// y = x, with padding set to zero.
template <class S>
struct CopyActive {
    ColumnMajorView<S> y;       // (M x T batch)
    ColumnMajorView<const S> x; // (M x T batch)
    const int* lengths;
    std::uint32_t batch;
    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t column) const {
        const auto at = std::uint32_t(column);
        y.data[row + column * y.stride] =
            int(at / batch) < lengths[at % batch] ? x.data[row + column * x.stride] : S(0);
    }
};

inline constexpr std::size_t sum_parts = 256;

template <class S, bool squared>
struct SumPart {
    const S* p;
    std::size_t n;
    RONDO_HOST_DEVICE double operator()(std::size_t part) const {
        double total = 0;
        for (std::size_t k = part; k < n; k += sum_parts) total += squared ? double(p[k]) * double(p[k]) : double(p[k]);
        return total;
    }
};

template <class Part>
struct KeepPart {
    Part part;
    double* to;
    RONDO_HOST_DEVICE void operator()(std::size_t k) const { to[k] = part(k); }
};

} // namespace detail

} // namespace rondo
