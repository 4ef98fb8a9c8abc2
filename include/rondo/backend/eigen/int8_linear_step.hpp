// SPDX-License-Identifier: MIT
#pragma once

#include "int8_cell_step.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// y = W x + b for one column, with W in int8.
///
/// Shapes  W (Out x In), x (In), y (Out, rounded up to whole packs); packed: `size` bytes.
template <int In, int Out, class P, class Dot>
struct Int8LinearStep {
    using S = float;
    using Rows = Int8Rows<In, P, Dot>;
    using Vector = typename Rows::Vector;
    static constexpr int lanes = P::size, blocks = (Out + lanes - 1) / lanes;
    static constexpr std::size_t first_lane(int pack) { return std::size_t(pack) * std::size_t(lanes); }
    static constexpr int most_blocks = (std::min)(8, int8_sums<Dot>);
    using Tiles = eigen::Tiles<blocks, (blocks + most_blocks - 1) / most_blocks>;
    static constexpr std::size_t block_size = std::size_t(lanes) * sizeof(S) + Rows::size(1);
    static constexpr std::size_t size = int8_header + std::size_t(blocks) * block_size;

    /// tensor(0) is W, tensor(1) b if there is one. range: see Int8Ranges.
    template <bool bias, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to, float range = 0) {
        std::fill_n(to, int8_header, std::byte{});
        reinterpret_cast<Int8Ranges*>(to)->x = range;
        to += int8_header;
        Tiles::each([&](int n, int first) {
            S* number = reinterpret_cast<S*>(to);
            const auto row = [&](int i) { return first * lanes + i < Out ? first * lanes + i : -1; };
            for (int i = 0; i < n * lanes; ++i) {
                S offset(0);
                if constexpr (bias)
                    if (row(i) >= 0) offset = tensor(1)[std::size_t(row(i))];
                *number++ = offset;
            }
            to = Rows::pack(reinterpret_cast<std::byte*>(number), tensor(0), n, row);
        });
    }

    /// y = W x + b; y is written in whole packs.
    [[gnu::always_inline]] static void step(const std::byte* packed, const S* x, S* y) {
        Vector values;
        values.set(x, reinterpret_cast<const Int8Ranges*>(packed)->x);
        each_tile(packed, [&](auto n, const std::byte* tile, int first)
                              __attribute__((always_inline)) { run<n>(tile, values, y + first_lane(first)); });
    }

    /// Calls f(n, weights, first) for each tile, of n blocks from `first` on; n is an integral_constant.
    template <class F>
    [[gnu::always_inline]] static void each_tile(const std::byte* packed, F&& f) {
        constexpr int width = Tiles::width, wider = Tiles::wider, widest = Tiles::widest;
        packed += int8_header;
        for (int k = 0; k < wider; ++k)
            f(std::integral_constant<int, widest>{}, packed + std::size_t(k * widest) * block_size, k * widest);
        for (int k = wider; k < Tiles::count; ++k)
            f(std::integral_constant<int, width>{}, packed + std::size_t(k * width + wider) * block_size,
              k * width + wider);
    }
    template <int n>
    [[gnu::always_inline]] static void run(const std::byte* tile, const Vector& x, S* y) {
        const S* const numbers = reinterpret_cast<const S*>(tile);
        P sum[n];
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + first_lane(i)); });
        Rows::template add<InOrder, n>(sum, reinterpret_cast<const std::byte*>(numbers + first_lane(n)), x);
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i].store(y + first_lane(i)); });
    }

private:
    struct InOrder {
        static constexpr int at(int i) { return i; }
    };
};

} // namespace rondo::eigen
