// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "step_columns.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// y = W x + b for one column. It runs over the columns of W, with the sums of a tile of outputs in registers; if there
/// are few outputs, each is a dot product over packs of x instead.
///
/// Shapes  W (Out x In), x (In), y (Out, rounded up to whole packs); packed: `size` bytes.
template <int In, int Out, class P, class W>
struct LinearStep {
    using S = typename P::scalar;
    using Stored = Storage<P, W>;
    using word = typename Stored::word;
    static constexpr int lanes = P::size, rows = Stored::rows;
    static constexpr bool along = Out <= lanes / 2;                    // dot products
    static constexpr int most = 8, blocks = (Out + lanes - 1) / lanes; // blocks per tile at most, and in all
    using Tiles = eigen::Tiles<blocks, (blocks + most - 1) / most>;
    /// Independent chains per sum of a tile of n blocks, which hide the latency of FMA.
    static constexpr int chains(int n) { return n <= 2 ? 4 : n <= 4 ? 2 : 1; }
    static constexpr int columns = (In + rows - 1) / rows, packs = (In + lanes - 1) / lanes;

    static constexpr std::size_t block_size = std::size_t(lanes) * (sizeof(S) + std::size_t(columns) * sizeof(word));
    static constexpr std::size_t size =
        along ? padded(std::size_t(Out)) * sizeof(S) + std::size_t(Out * packs * lanes) * sizeof(S)
              : std::size_t(blocks) * block_size;

    /// tensor(0) is W, tensor(1) b if there is one.
    template <bool bias, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
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
            pack_tiles<Tiles, Stored>(to, w, offset, In, Out, lanes, block_size);
        }
    }

    /// y = W x + b; y is written in whole packs.
    [[gnu::always_inline]] static void step(const std::byte* packed, const S* x, S* y) {
        if constexpr (along) {
            const S* const numbers = reinterpret_cast<const S*>(packed);
            const S* const w = numbers + padded(std::size_t(Out));
            unroll<Out>([&](auto o)
                            __attribute__((always_inline)) { y[o] = numbers[o] + dot(w + o * packs * lanes, x); });
        } else {
            constexpr int width = Tiles::width, wider = Tiles::wider, widest = Tiles::widest;
            for (int k = 0; k < wider; ++k)
                run<widest>(packed + std::size_t(k) * (widest * block_size), x, y + k * widest * lanes);
            for (int k = wider; k < Tiles::count; ++k)
                run<width>(packed + std::size_t(wider) * (widest * block_size) +
                               std::size_t(k - wider) * (width * block_size),
                           x, y + (k * width + wider) * lanes);
        }
    }

private:
    struct InOrder {
        static constexpr int at(int i) { return i; }
    };

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
        constexpr int parts = chains(n);
        P sum[parts * n];
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + i * lanes); });
        unroll<(parts - 1) * n>([&](auto i) __attribute__((always_inline)) { sum[n + i] = P(S(0)); });
        const word* const words = reinterpret_cast<const word*>(numbers + n * lanes);
        add_columns<InOrder, Stored, In, parts, n, n, true>(sum, words, x);
        unroll<(parts - 1) * n>([&](auto i) __attribute__((always_inline)) { sum[i % n] = sum[i % n] + sum[n + i]; });
        unroll<n>([&](auto i) __attribute__((always_inline)) { sum[i].store(y + i * lanes); });
    }
};

} // namespace rondo::eigen
