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

/// The sorted columns [begin, end), which are all added to the same row of a table. They are reduced in parts of 64
/// columns by different threads.
struct Segment {
    std::uint32_t begin, end;

    static constexpr std::uint32_t part = 64;
    RONDO_HOST_DEVICE constexpr bool has_parts() const { return end - begin > part; }
    /// The slot for the sum of the part that begins at column k. Of segments with several parts, at most one begins
    /// within the same 64 columns, and at most one has a later part that does: two slots.
    RONDO_HOST_DEVICE constexpr std::size_t place(std::uint32_t k) const {
        return std::size_t(k / part) * 2 + (k == begin);
    }
    static constexpr std::size_t places(std::size_t columns) { return (columns + part - 1) / part * 2; }
};

/// Columns sorted by the row of the table they are added to, then by index; last those of padding, whose row is -1. The
/// k-th column is added to row[k] and is part of segment[k].
struct SortedColumns {
    int *row, *column;
    Segment* segment;
    std::size_t size;
};

/// The memory of scatter_add: sorted columns and partial sums.
///
/// Memory  20 bytes per column, the queue's sort, and `rows` elements for every 32 columns.
template <class S>
class ScatterMemory {
public:
    /// Sorts columns by row[n], from 0 to rows - 1 or -1. FindSegment then fills in the segments.
    template <class Queue>
    SortedColumns sort(Queue& queue, const int* row, int rows, std::size_t columns) {
        const int bits = int(std::bit_width(unsigned(rows))); // enough that -1, all ones, is the largest key
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
    /// The first column in [from, to) whose row is not less than `row`: a lower bound.
    RONDO_HOST_DEVICE std::uint32_t first(std::uint64_t row, std::uint32_t from, std::uint32_t to) const {
        while (from < to) {
            const std::uint32_t middle = from + (to - from) / 2;
            if (std::uint32_t(sorted.row[middle]) < row) from = middle + 1;
            else to = middle;
        }
        return from;
    }
};

/// Reduces the part that begins at a column, if one does: into the table if it is the whole segment, else into its
/// slot.
template <class S>
struct AddPart {
    S *table, *sum;             // (table rows x M), (M x slots)
    ColumnMajorView<const S> x; // (M x N)
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

/// Adds the partial sums of the segment that begins within a block of 64 columns and has several parts, if there is
/// one; the block's last column then belongs to it.
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

/// Column n of y is row index[n] of a table; zero if index[n] < 0.
template <class S>
struct Gather {
    ColumnMajorView<S> y; // (M x N)
    const S* table;       // (table rows x M)
    const int* index;
    RONDO_HOST_DEVICE void operator()(std::size_t row, std::size_t column) const {
        const int from = index[column];
        y.data[row + column * y.stride] = from < 0 ? S(0) : table[row + std::size_t(from) * y.rows];
    }
};

/// Copies tokens; those of padding become -1.
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
