// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../core/unroll.hpp"
#include "storage.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// y = W x + b of one column, by columns of W: the sums of a tile of outputs stay in registers. A few outputs are each
/// a sum along x instead, a pack of it at a time.
///
/// Shapes  x (In), y (Out); packed: `size` bytes.
template <int In, int Out, class P, class W>
struct LinearStep {
    using S = typename P::scalar;
    using Stored = Storage<P, W>;
    using word = typename Stored::word;
    static constexpr int lanes = P::size, rows = Stored::rows;
    static constexpr bool along = Out <= lanes / 2;
    static constexpr int most = 8; // blocks of a tile
    static constexpr int blocks = (Out + lanes - 1) / lanes, tiles = (blocks + most - 1) / most,
                         width = blocks / tiles, wider = blocks % tiles;
    static constexpr int columns = (In + rows - 1) / rows, packs = (In + lanes - 1) / lanes;

    static constexpr std::size_t tile_size(int n) {
        return std::size_t(n * lanes) * (sizeof(S) + std::size_t(columns) * sizeof(word));
    }
    static constexpr std::size_t size =
        along ? padded(std::size_t(Out)) * sizeof(S) + std::size_t(Out * packs * lanes) * sizeof(S)
              : std::size_t(wider) * tile_size(width + 1) + std::size_t(tiles - wider) * tile_size(width);

    /// Tensors in PyTorch's order: W and, if there is one, b.
    template <bool bias, class ParameterSpec>
    static void pack(const ParameterSpec& tensor, std::byte* to) {
        const auto offset = [&](int out) {
            if constexpr (bias) return out < Out ? tensor(1)[std::size_t(out)] : S(0);
            else return S(0);
        };
        const auto w = tensor(0);
        if constexpr (along) {
            S* number = reinterpret_cast<S*>(to);
            for (int o = 0; o < Out; ++o) number[o] = offset(o);
            number += padded(std::size_t(Out));
            for (int o = 0; o < Out; ++o)
                for (int k = 0; k < packs * lanes; ++k) *number++ = k < In ? w[std::size_t(o * In + k)] : S(0);
        } else {
            for (int tile = 0, block = 0; tile < tiles; ++tile) {
                const int n = width + (tile < wider);
                S* number = reinterpret_cast<S*>(to);
                for (int u = 0; u < n * lanes; ++u) *number++ = offset(block * lanes + u);
                word* words = reinterpret_cast<word*>(number);
                for (int k = 0; k < In; k += rows)
                    for (int u = 0; u < n * lanes; ++u) {
                        S some[rows]{};
                        for (int r = 0; r < rows && k + r < In && block * lanes + u < Out; ++r)
                            some[r] = w[std::size_t((block * lanes + u) * In + k + r)];
                        *words++ = Stored::join(some);
                    }
                to += tile_size(n);
                block += n;
            }
        }
    }

    /// y has room for whole packs.
    [[gnu::always_inline]] static void step(const std::byte* packed, const S* x, S* y) {
        if constexpr (along) {
            const S* const numbers = reinterpret_cast<const S*>(packed);
            const S* const w = numbers + padded(std::size_t(Out));
            unroll<Out>([&](auto o) __attribute__((always_inline)) {
                y[o] = numbers[o] + dot(w + o * packs * lanes, x);
            });
        } else {
            for (int k = 0; k < wider; ++k)
                run<width + 1>(packed + std::size_t(k) * tile_size(width + 1), x, y + k * (width + 1) * lanes);
            for (int k = wider; k < tiles; ++k)
                run<width>(packed + std::size_t(wider) * tile_size(width + 1) +
                               std::size_t(k - wider) * tile_size(width),
                           x, y + (k * width + wider) * lanes);
        }
    }

private:
    [[gnu::always_inline]] static S dot(const S* w, const S* x) {
        constexpr int whole = In / lanes, chains = whole < 4 ? whole : 4;
        S sum(0);
        if constexpr (whole > 0) {
            P part[chains];
            unroll<chains>([&](auto c) __attribute__((always_inline)) {
                part[c] = P::load(w + c * lanes) * P::load(x + c * lanes);
            });
            for (int k = chains; k + chains <= whole; k += chains)
                unroll<chains>([&](auto c) __attribute__((always_inline)) {
                    part[c] = math::fma(P::load(w + (k + c) * lanes), P::load(x + (k + c) * lanes), part[c]);
                });
            unroll<whole % chains>([&](auto c) __attribute__((always_inline)) {
                constexpr int k = whole / chains * chains + c;
                part[c] = math::fma(P::load(w + k * lanes), P::load(x + k * lanes), part[c]);
            });
            unroll<chains - 1>([&](auto c) __attribute__((always_inline)) { part[0] = part[0] + part[c + 1]; });
            sum = Eigen::internal::predux(part[0].v);
        }
        for (int k = whole * lanes; k < In; ++k) sum += w[k] * x[k];
        return sum;
    }

    template <int n>
    [[gnu::always_inline]] static void run(const std::byte* packed, const S* x, S* y) {
        const S* const numbers = reinterpret_cast<const S*>(packed);
        constexpr int chains = n <= 2 ? 4 : n <= 4 ? 2 : 1, whole = In / rows, turns = whole / chains;
        P sum[chains * n];
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + i * lanes); });
        unroll<(chains - 1) * n>([&](auto i) __attribute__((always_inline)) { sum[n + i] = P(S(0)); });
        const word* words = reinterpret_cast<const word*>(numbers + n * lanes);
        const auto column = [&](auto chain, int k, auto count) __attribute__((always_inline)) {
            P right[count];
            unroll<count>([&](auto r) __attribute__((always_inline)) { right[r] = P(x[k + r]); });
            unroll<n>([&](auto i) __attribute__((always_inline)) {
                P& s = sum[chain * n + i];
                unroll<count>([&](auto r) __attribute__((always_inline)) {
                    s = math::fma(Stored::template load<r>(words + i * lanes), right[r], s);
                });
            });
            words += n * lanes;
        };
        using Rows = std::integral_constant<int, rows>;
#pragma GCC unroll 4
        for (int k = 0; k < turns; ++k)
            unroll<chains>([&](auto c) __attribute__((always_inline)) { column(c, (k * chains + c) * rows, Rows{}); });
        unroll<whole % chains>(
            [&](auto c) __attribute__((always_inline)) { column(c, (turns * chains + c) * rows, Rows{}); });
        if constexpr (In % rows > 0)
            column(std::integral_constant<int, 0>{}, whole * rows, std::integral_constant<int, In % rows>{});
        unroll<(chains - 1) * n>(
            [&](auto i) __attribute__((always_inline)) { sum[i % n] = sum[i % n] + sum[n + i]; });
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i].store(y + i * lanes); });
    }
};

} // namespace rondo::eigen
