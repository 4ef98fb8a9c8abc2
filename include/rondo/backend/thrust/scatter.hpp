// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/host_device.hpp"
#include "../../core/view.hpp"
#include "growing_pool.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace gpu {

/// The sorted columns from `begin` to `end`, which go to one row of a table. A thread adds a part of them, others the
/// next ones meanwhile.
struct Segment {
    std::uint32_t begin, end;

    static constexpr std::uint32_t part = 64;
    RONDO_HOST_DEVICE constexpr bool has_parts() const { return end - begin > part; }
    /// Where the sum of the part that begins at column k is kept: of the segments that have parts, no two begin within
    /// the same 64 columns, nor do later parts of two.
    RONDO_HOST_DEVICE constexpr std::size_t place(std::uint32_t k) const {
        return std::size_t(k / part) * 2 + (k == begin);
    }
    static constexpr std::size_t places(std::size_t columns) { return (columns + part - 1) / part * 2; }
};

/// Columns by the row of a table that they go to, and by their number; last those that go nowhere, whose row is -1. The
/// k-th goes to row[k] and lies in segment[k].
struct SortedColumns {
    int *row, *column;
    Segment* segment;
    std::size_t size;
};

/// What a backend sorts columns and keeps the sums of their parts in.
///
/// Memory  20 bytes a column, what the queue's sort needs, and `rows` numbers for every 32 columns.
template <class S>
class ScatterMemory {
public:
    /// The columns by row[n], of so many rows; their segments are still to be found.
    template <class Queue>
    SortedColumns sort(Queue& queue, const int* row, int rows, std::size_t columns) {
        const int bits = int(std::bit_width(unsigned(rows))); // less than the last bits of -1
        const SortedColumns sorted{row_.take(columns), column_.take(columns), segment_.take(columns), columns};
        queue.sort({row, counted_.take(columns), sorted.row, sorted.column, columns, bits}, sorting_);
        return sorted;
    }
    S* sums(std::size_t columns, std::size_t rows) { return sum_.take(Segment::places(columns) * rows); }

private:
    GrowingPool<int, true> counted_;
    GrowingPool<int> row_, column_;
    GrowingPool<Segment> segment_;
    GrowingPool<S> sum_;
    GrowingPool<std::byte> sorting_;
};

} // namespace gpu

namespace detail {

struct FindSegment {
    gpu::SortedColumns sorted;

    RONDO_HOST_DEVICE void operator()(std::size_t at) const {
        const auto k = std::uint32_t(at);
        const std::uint64_t row = std::uint32_t(sorted.row[k]);
        sorted.segment[k] = {first(row, 0, k), first(row + 1, k + 1, std::uint32_t(sorted.size))};
    }
    /// The first column between two that goes to that row or a later one.
    RONDO_HOST_DEVICE std::uint32_t first(std::uint64_t row, std::uint32_t from, std::uint32_t to) const {
        while (from < to) {
            const std::uint32_t middle = from + (to - from) / 2;
            if (std::uint32_t(sorted.row[middle]) < row) from = middle + 1;
            else to = middle;
        }
        return from;
    }
};

/// Adds the part that begins at a column, if one does: where it is all of its segment to the table, else to its place.
template <class S>
struct AddPart {
    S *table, *sum;
    ColumnMajorView<const S> x;
    gpu::SortedColumns sorted;
    int skipped;

    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t at) const {
        const auto first = std::uint32_t(at);
        const gpu::Segment segment = sorted.segment[first];
        const int to = sorted.row[first];
        if ((first - segment.begin) % segment.part != 0 || to < 0 || to == skipped) return;
        const std::uint32_t next = first + segment.part, end = next < segment.end ? next : segment.end;
        S all = 0;
        RONDO_UNROLL_SOME
        for (std::uint32_t k = first; k < end; ++k) all += x.data[row + std::size_t(sorted.column[k]) * x.stride];
        if (segment.has_parts()) sum[row + segment.place(first) * x.rows] = all;
        else table[row + std::size_t(to) * x.rows] += all;
    }
};

/// Adds the parts of the segment that begins within 64 columns, if one does that has parts: the last of these columns
/// lies in it, and so do columns behind them.
template <class S>
struct AddSegment {
    S* table;
    const S* sum;
    std::size_t rows;
    gpu::SortedColumns sorted;
    int skipped;

    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t block) const {
        const std::size_t last = (block + 1) * gpu::Segment::part - 1;
        const gpu::Segment segment = sorted.segment[last];
        const int to = sorted.row[last];
        if (segment.begin / segment.part != block || !segment.has_parts() || to < 0 || to == skipped) return;
        S all = 0;
        RONDO_UNROLL_SOME
        for (std::uint32_t k = segment.begin; k < segment.end; k += segment.part)
            all += sum[row + segment.place(k) * rows];
        table[row + std::size_t(to) * rows] += all;
    }
};

/// Column n of y is row index[n] of a table, or zero where there is no such row: where index[n] is less than 0.
template <class S>
struct Gather {
    ColumnMajorView<S> y;
    const S* table;
    const int* index;
    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t column) const {
        const int from = index[column];
        y.data[row + column * y.stride] = from < 0 ? S(0) : table[row + std::size_t(from) * y.rows];
    }
};

/// Tokens as they are, and -1 past a sequence's end.
struct KeepActive {
    int* to;
    const int *from, *lengths;
    std::uint32_t batch;
    RONDO_HOST_DEVICE void operator()(std::size_t n) const {
        const auto at = std::uint32_t(n);
        to[n] = int(at / batch) < lengths[at % batch] ? from[n] : -1;
    }
};

} // namespace detail

} // namespace rondo
