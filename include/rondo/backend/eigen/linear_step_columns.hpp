// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/tail.hpp"
#include "columns_sum.hpp"
#include "linear_step.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// y = W x + b for the columns of several streams, with the weights that LinearStep packs. A column's bits are those of
/// LinearStep.
///
/// Shapes  x (In) and y (Out) of each column.
template <class Step>
struct LinearStepColumns;

template <int In, int Out, class P, class W>
struct LinearStepColumns<LinearStep<In, Out, P, W>> {
    using Linear = LinearStep<In, Out, P, W>;
    using S = typename P::scalar;
    using Stored = typename Linear::Stored;
    using word = typename Linear::word;
    static constexpr int lanes = P::size;
    static constexpr ColumnTile tile{1, Linear::rows};
    static constexpr int blocks = (std::min)(tile.blocks, Linear::Tiles::widest);

    static void step(const std::byte* packed, StreamColumns<const S> x, StreamColumns<S> y, std::size_t count) {
        if (Linear::along || count == 1) {
            alignas(64) S column[padded(std::size_t(Out))]; // whole packs
            for (std::size_t c = 0; c < count; ++c) {
                one(packed, x[c], column);
                std::copy_n(column, Out, y[c]);
            }
            return;
        }
        Linear::Tiles::each([&](int width, int first) {
            const std::byte* const of_tile = packed + std::size_t(first) * Linear::block_size;
            each_part<blocks, 1>(std::size_t(width), [&](auto some, std::size_t block) {
                each_part<tile.columns, tile.fewest()>(count, [&](auto columns, std::size_t c) {
                    const S* inputs[columns];
                    S* outputs[columns];
                    for (int i = 0; i < columns; ++i) {
                        inputs[i] = x[c + std::size_t(i)];
                        outputs[i] = y[c + std::size_t(i)];
                    }
                    run<some, columns>(of_tile, width, int(block), inputs, outputs, (first + int(block)) * lanes);
                });
            });
        });
    }

private:
    struct InOrder {
        static constexpr int at(int i) { return i; }
    };
    [[gnu::noinline, gnu::flatten]] static void one(const std::byte* packed, const S* x, S* y) {
        Linear::step(packed, x, y);
    }

    /// Rows `row` and on, of n blocks from `block` on of a tile of `width`.
    template <int n, int columns>
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void run(const std::byte* packed, int width, int block, const S* const* x,
                                                    S* const* y, int row) {
        const S* const offsets = reinterpret_cast<const S*>(packed) + block * lanes;
        const word* const words =
            reinterpret_cast<const word*>(reinterpret_cast<const S*>(packed) + width * lanes) + block * lanes;
        P sum[columns * n];
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            unroll<n>([&](auto i) __attribute__((always_inline)) { sum[c * n + i] = P::load(offsets + i * lanes); });
        });
        const int chains = Linear::chains(width);
        add_chains<columns * n>(sum, chains, [&](P* to, int chain) __attribute__((always_inline)) {
            add_chain<InOrder, Stored, In, n, n, columns>(to, words, std::size_t(width * lanes), x, chain, chains);
        });
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            unroll<n>([&](auto i) __attribute__((always_inline)) {
                const int begin = row + i * lanes;
                PartialPack<P>{std::size_t((std::min)(lanes, Out - begin))}.store(y[c] + begin, sum[c * n + i]);
            });
        });
    }
};

} // namespace rondo::eigen
