// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../graph/op_context.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The gradient of a table of embeddings over several shards, row by row, so that only rows of the batch's tokens are
/// read and written.
///
/// Memory  scratch: an int for each row and each column, and a row for each shard.
template <class S>
struct LookupGradient {
    Tokens x; // (T B)
    std::size_t size;
    int vocabulary, padding;
    int *ends, *columns; // (vocabulary + 1), (T B)
    S* sums;             // a row for each shard

    template <class B>
    static LookupGradient make(Scratch<B>& scratch, const Tokens& x, std::size_t size, int vocabulary, int padding) {
        if (scratch.shards().single()) return {x, size, vocabulary, padding, nullptr, nullptr, nullptr};
        static_assert(sizeof(int) <= sizeof(S));
        int* const ends = reinterpret_cast<int*>(scratch.take(std::size_t(vocabulary) + 1));
        int* const columns = reinterpret_cast<int*>(scratch.take(x.columns()));
        return {x, size, vocabulary, padding, ends, columns, scratch.take(scratch.shards().buffers() * padded(size))};
    }

    template <class Run>
    void add(Run& run, const Parameter<S>& table, ColumnMajorView<const S> gradients) const { // (size x T B)
        const Shards& shards = run.shards();
        sort_columns(shards);
        auto& backend = run.backend();
        const auto add_row = [&](S* to, const S* from) {
            backend.add_to_columns({to, size, 1}, ColumnMajorView<const S>{from, size, 1});
        };
        for (int row = 0, k = 0; row < vocabulary; ++row) {
            if (k == ends[row]) continue;
            SumTree tree;
            std::array<bool, 64> any{}; // of the sums: other ones are zero, and not in memory
            for (int s = shards.first; s < shards.last; ++s) {
                const std::size_t top = tree.size();
                const int end = shards.begin(s + 1) - shards.begin();
                S* sum = sums + top * padded(size);
                any[top] = false;
                for (; k < ends[row] && columns[k] % x.extent.batch < end; ++k) {
                    if (!any[top]) backend.fill(sum, size, S(0));
                    any[top] = true;
                    add_row(sum, gradients.data + std::size_t(columns[k]) * size);
                }
                const std::size_t merged = tree.push({s, 1}, shards.count);
                for (std::size_t n = top; n > top - merged; --n, sum -= padded(size)) {
                    if (any[n] && any[n - 1]) add_row(sum - padded(size), sum);
                    else if (any[n]) backend.copy(sum - padded(size), sum, size);
                    any[n - 1] = any[n - 1] || any[n];
                }
            }
            for (std::size_t n = 0; n < tree.size(); ++n)
                if (any[n]) add_row(run.gradient(table, n) + std::size_t(row) * size, sums + n * padded(size));
        }
    }

private:
    // Sorts the columns by token, those of a token by shard, then by step: the columns of token n end at ends[n].
    void sort_columns(const Shards& shards) const {
        const auto each_column = [&](const auto& f) {
            for (int s = shards.first; s < shards.last; ++s) {
                const int from = shards.begin(s) - shards.begin();
                const Extent part = Shards::cut(x.extent, from, shards.sequences(s));
                for (int t = 0; t < part.steps; ++t)
                    for_each_valid_range(part, t, [&](int first, int count) {
                        for (int b = from + first; b < from + first + count; ++b) {
                            const std::size_t column = std::size_t(t) * std::size_t(x.extent.batch) + std::size_t(b);
                            if (x.value[column] != padding) f(column, x.value[column]);
                        }
                    });
            }
        };
        std::fill_n(ends, std::size_t(vocabulary) + 1, 0);
        each_column([&](std::size_t, int token) { ++ends[token + 1]; });
        for (int token = 0; token < vocabulary; ++token) ends[token + 1] += ends[token];
        each_column([&](std::size_t column, int token) { columns[ends[token]++] = int(column); });
    }
};

} // namespace rondo
