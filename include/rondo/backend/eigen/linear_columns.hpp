// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/tail.hpp"
#include "step_columns.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// y = W x + b for several columns, for each of which LinearStep would read the weights once more. The sums of a tile
/// of rows and of up to four columns are in registers.
///
/// Shapes  W (Out x In), x (In x N), y (Out x N); packed: `size` bytes.
template <int In, int Out, class P, class W>
struct LinearColumns {
    using S = typename P::scalar;
    using Stored = Storage<P, W>;
    using word = typename Stored::word;
    static constexpr int lanes = P::size, rows = Stored::rows, words = (In + rows - 1) / rows; // words a row
    static constexpr int most_columns = 4,
                         sums = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 24 : 12;  // in registers
    static constexpr int blocks = (Out + lanes - 1) / lanes, most = sums / most_columns; // of a tile
    using Tiles = eigen::Tiles<blocks, (blocks + most - 1) / most>;
    static constexpr std::size_t block_size = std::size_t(lanes) * (sizeof(S) + std::size_t(words) * sizeof(word));
    static constexpr std::size_t size = std::size_t(blocks) * block_size;

    /// tensor(0) is W, tensor(1) b if there is one.
    template <bool bias, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        const auto offset = [&](int out) {
            if constexpr (bias) return out < Out ? tensor(1)[std::size_t(out)] : S(0);
            else return S(0);
        };
        pack_tiles<Tiles, Stored>(to, tensor(0), offset, In, Out, lanes, block_size);
    }

    /// Rows of x outside [first, last) are taken for zeros; those of a word of several rows are read.
    static void run(const std::byte* packed, const S* x, std::size_t by_column, std::size_t columns, S* y,
                    std::size_t first = 0, std::size_t last = In) {
        Tiles::each([&](int n, int block) {
            const std::size_t row = std::size_t(block * lanes), count = (std::min)(std::size_t(n * lanes), Out - row);
            const auto tile = [&](auto blocks_of_tile) {
                for (std::size_t c = 0; c < columns;) { // widths differ by one at most
                    const std::size_t left = columns - c, parts = (left + most_columns - 1) / most_columns,
                                      width = (left + parts - 1) / parts;
                    unroll<most_columns>([&](auto k) {
                        if (width == std::size_t(k) + 1)
                            add<blocks_of_tile, k + 1>(packed + std::size_t(block) * block_size, x + c * by_column,
                                                       by_column, y + c * Out + row, count, first, last);
                    });
                    c += width;
                }
            };
            if (n == Tiles::width) tile(std::integral_constant<int, Tiles::width>{});
            else tile(std::integral_constant<int, Tiles::widest>{});
        });
    }

private:
    template <int n, int columns>
    [[gnu::noinline]] static void add(const std::byte* packed, const S* x, std::size_t by_column, S* y,
                                      std::size_t count, std::size_t first, std::size_t last) {
        constexpr int all = n * columns, chains = all <= sums / 4 ? 4 : all <= sums / 2 ? 2 : 1;
        const S* const offsets = reinterpret_cast<const S*>(packed);
        const word* const weights = reinterpret_cast<const word*>(offsets + n * lanes);
        P sum[chains * all];
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            unroll<n>([&](auto i) __attribute__((always_inline)) { sum[c * n + i] = P::load(offsets + i * lanes); });
        });
        unroll<(chains - 1) * all>([&](auto i) __attribute__((always_inline)) { sum[all + i] = P(S(0)); });
        // The rows of word k, of which there are `some`.
        const auto word_of = [&](auto chain, std::size_t k, auto some) __attribute__((always_inline)) {
            unroll<some>([&](auto r) __attribute__((always_inline)) {
                P left[n];
                unroll<n>([&](auto i) __attribute__((always_inline)) {
                    left[i] = Stored::template load<r>(weights + (k * n + i) * lanes);
                });
                unroll<columns>([&](auto c) __attribute__((always_inline)) {
                    const P right(x[std::size_t(c) * by_column + k * rows + r]);
                    unroll<n>([&](auto i) __attribute__((always_inline)) {
                        P& s = sum[(chain * columns + c) * n + i];
                        s = math::fma(left[i], right, s);
                    });
                });
            });
        };
        using Rows = std::integral_constant<int, rows>;
        std::size_t k = first / rows;
        const std::size_t end = last / rows;
        for (; k + chains <= end; k += chains)
            unroll<chains>([&](auto chain) __attribute__((always_inline)) { word_of(chain, k + chain, Rows{}); });
        for (; k < end; ++k) word_of(std::integral_constant<int, 0>{}, k, Rows{});
        if (last % rows > 0)
            word_of(std::integral_constant<int, 0>{}, k, std::integral_constant<int, (rows > 1 ? rows - 1 : 1)>{});
        unroll<(chains - 1) * all>([&](auto i)
                                       __attribute__((always_inline)) { sum[i % all] = sum[i % all] + sum[all + i]; });
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
            S* const to = y + std::size_t(c) * Out;
            unroll<n>([&](auto i) __attribute__((always_inline)) {
                const std::size_t begin = std::size_t(i) * lanes;
                if (begin < count)
                    PartialPack<P>{(std::min)(std::size_t(lanes), count - begin)}.store(to + begin, sum[c * n + i]);
            });
        });
    }
};

} // namespace rondo::eigen
