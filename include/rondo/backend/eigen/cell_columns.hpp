// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../simd/packs.hpp"
#include "cell_step.hpp"
#include "columns_sum.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// One step of several streams through a cell, with the weights that CellStep packs: the weights of a block of units
/// are read from the caches once for some streams, and are in L1 for the others. A stream's bits are those of CellStep.
///
/// Shapes  x (In) and state of each stream, as CellStep's; after (after_size x streams): temporary.
template <class Step>
struct CellColumns;

template <class C, int In, int H, int R, class P, class W>
struct CellColumns<CellStep<C, In, H, R, P, W>> {
    using Cell = CellStep<C, In, H, R, P, W>;
    using S = typename P::scalar;
    using word = typename Cell::word;
    static constexpr int lanes = P::size, gates = Cell::gates, sums = Cell::sums, per_unit = Cell::per_unit;
    static constexpr ColumnTile tile{gates, Cell::rows};
    static constexpr int blocks = (std::min)(tile.blocks, Cell::Tiles::widest);
    // Weights in L1 cost little to read: small ones are read for each stream, larger ones where there are few streams.
    static constexpr bool one_by_one = Cell::size <= L1_size / 4;
    static constexpr std::size_t fewest = Cell::size > L1_size ? 2 : 2 * std::size_t(tile.columns);
    static constexpr std::size_t after_size = std::size_t(Cell::blocks * lanes);

    /// Updates the states in place. For `back` see CellStep.
    static void step(const std::byte* packed, StreamColumns<const S> x, S* const* states, std::size_t offset,
                     std::size_t streams, S* after, bool back) {
        if (one_by_one || streams < fewest) {
            for (std::size_t c = 0; c < streams; ++c) Cell::step(packed, x[c], states[c] + offset, back);
        } else if constexpr (!one_by_one) {
            step_to(after, packed, x, states, offset, streams, back);
            for (std::size_t c = 0; c < streams; ++c)
                for (std::size_t k = 0; k < after_size; k += std::size_t(lanes))
                    P::load(after + c * after_size + k).store(states[c] + offset + k);
        }
    }
    /// The same, with h in `after`, which the states keep until then.
    static void step_to(S* after, const std::byte* packed, StreamColumns<const S> x, S* const* states,
                        std::size_t offset, std::size_t streams, bool back) {
        using Tiles = typename Cell::Tiles;
        const bool reverse = Cell::large && back;
        for (int n = 0; n < Tiles::count; ++n) {
            const int k = reverse ? Tiles::count - 1 - n : n, width = k < Tiles::wider ? Tiles::widest : Tiles::width,
                      first = k * Tiles::width + (std::min)(k, Tiles::wider);
            const Part of{packed + std::size_t(first) * Cell::block_size, width, first};
            each_part<blocks, 1>(std::size_t(width), [&](auto some, std::size_t block) {
                each_part<tile.columns, tile.fewest()>(streams, [&](auto columns, std::size_t c) {
                    const S* inputs[columns];
                    S* of_states[columns];
                    for (int i = 0; i < columns; ++i) {
                        inputs[i] = x[c + std::size_t(i)];
                        of_states[i] = states[c + std::size_t(i)] + offset;
                    }
                    run<some, columns>(of, int(block), inputs, of_states, after + c * after_size);
                });
            });
        }
    }

private:
    // Known to the compiler if it is that of all tiles.
    static constexpr auto chains_of(int width) {
        constexpr int some = Cell::chains(Cell::Tiles::width), others = Cell::chains(Cell::Tiles::widest);
        if constexpr (Cell::narrow || some == others) return std::integral_constant<int, Cell::narrow ? 1 : some>{};
        else return Cell::chains(width);
    }
    struct Part { // a tile of packed weights: `width` blocks
        const std::byte* packed;
        int width, first;
    };

    template <int n, int columns>
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void run(const Part& of, int block, const S* const* x, S* const* state,
                                                    S* after) {
        using Stored = typename Cell::Stored;
        const S* const numbers = reinterpret_cast<const S*>(of.packed);
        const word* const words = reinterpret_cast<const word*>(numbers + Cell::constants(of.width)) +
                                  std::size_t(block) * std::size_t(gates * lanes);
        const std::size_t by_word = std::size_t(of.width) * std::size_t(gates * lanes);
        constexpr std::size_t words_of_x = std::size_t((In + Stored::rows - 1) / Stored::rows);
        constexpr int all = n * sums;
        P sum[columns * all];
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            unroll<all>([&](auto i) __attribute__((always_inline)) {
                sum[c * all + i] = P::load(numbers + (std::size_t(block) * sums + i) * lanes);
            });
        });
        const auto chains = chains_of(of.width);
        add_chains<columns * all>(sum, chains, [&](P* to, int chain) __attribute__((always_inline)) {
            add_chain<typename Cell::OfX, Stored, In, n * gates, all, columns>(to, words, by_word, x, chain, chains);
            add_chain<typename Cell::OfH, Stored, R, n * gates, all, columns>(to, words + words_of_x * by_word, by_word,
                                                                              state, chain, chains);
        });
        unroll<n>([&](auto b) __attribute__((always_inline)) {
            apply<columns>(sum + b * sums, all,
                           numbers + std::size_t((of.width * sums + (block + b) * per_unit) * lanes), state, after,
                           (of.first + block + b) * lanes);
        });
    }

    /// CellStep::apply for each column, together.
    template <int columns>
    [[gnu::always_inline]] static void apply(const P* sum, int by_column, const S* numbers, S* const* state, S* after,
                                             int at) {
        using X = Packs<P, columns>;
        constexpr int states = Cell::states;
        const auto columns_of = [](auto&& f) __attribute__((always_inline)) {
            X x;
            unroll<columns>([&](auto c) __attribute__((always_inline)) { x.pack[c] = f(c); });
            return x;
        };
        cell::Pre<C, X> pre;
        unroll<sums>([&](auto g) __attribute__((always_inline)) {
            pre[g] = columns_of([&](auto c) __attribute__((always_inline)) { return sum[c * by_column + g]; });
        });
        cell::State<C, X> before;
        unroll<states>([&](auto k) __attribute__((always_inline)) {
            if constexpr (k == 0 && R != H) before[k] = X(S(0)); // not read
            else
                before[k] = columns_of([&](auto c) __attribute__((always_inline)) {
                    return P::load(state[c] + Cell::component_at(k) + at);
                });
        });
        cell::PerUnit<C, X> parameters{};
        if constexpr (per_unit > 0)
            unroll<per_unit>([&](auto k) __attribute__((always_inline)) {
                parameters[k] =
                    columns_of([&](auto) __attribute__((always_inline)) { return P::load(numbers + k * lanes); });
            });
        const auto result = C::forward(pre, before, parameters);
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            without_denormals(result.state[0].pack[c]).store(after + std::size_t(c) * after_size + at);
        });
        unroll<states - 1>([&](auto k) __attribute__((always_inline)) {
            unroll<columns>([&](auto c) __attribute__((always_inline)) {
                without_denormals(result.state[k + 1].pack[c]).store(state[c] + Cell::component_at(k + 1) + at);
            });
        });
    }
};

} // namespace rondo::eigen
