// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/gate_layout.hpp"
#include "../../core/memory.hpp"
#include "step_columns.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Flushes denormals and numbers of similar size to zero; no number changes by more than 1e-27.
template <class P>
[[gnu::always_inline]] inline P without_denormals(P x) {
    const P tiny(typename P::scalar(1e-20));
    return (x + tiny) - tiny;
}

/// The width of packs for rows of `size` elements: narrower than the widest if too many lanes would be idle.
template <int widest, int size>
constexpr int fitting_width() {
    int width = widest;
    while (width > 4 && size <= (width > 8 ? 24 : width / 2)) width /= 2;
    return width;
}

inline constexpr std::size_t L1_size = 32768; // bytes; of a larger L1, the rest is not counted on

/// The number of blocks, at most `widest`, in tiles that are read in serpentine order, so that most of the weights that
/// were read last are still in L1. Of a tile that is slightly larger than L1 much is still there.
///
/// Units   `block_size` bytes of a block's weights; `column_size` bytes of a pack of each gate.
constexpr int cached_width(int blocks, std::size_t block_size, std::size_t column_size, int widest) {
    constexpr std::size_t enough = 192; // bytes of a tile's column: with fewer sums, FMA is slower than the L2 cache
    const auto cached = [&](int width) {
        const std::size_t tile = std::size_t(width) * block_size;
        return L1_size * 21 / 20 / tile * tile;
    };
    int best = widest;
    for (int width = widest; width > 0; --width) {
        const int narrowest = blocks / ((blocks + width - 1) / width);
        if (std::size_t(narrowest) * column_size >= enough && cached(width) > 0 && cached(width) >= cached(best))
            best = width;
    }
    return best;
}

/// One step of one sequence through a cell. The pre-activations of a tile of units stay in registers from the biases to
/// the new state.
///
/// A tile has as many blocks (packs of units) as there are registers for sums. Its weights are packed in the order in
/// which they are read: biases, per-unit parameters, then the weights of all its gates for each element of x and of h.
/// Weights that exceed L1 are read in serpentine order, in tiles of such a width that most of them are still there. The
/// width changes neither the order of sums nor the bits.
///
/// Shapes  W (gates H x In), U (gates H x R), x (In), state: h (padded(R)), then the other components (padded(H) each);
///         R is H unless h is projected; packed: `size` bytes.
template <class C, int In, int H, int R, class P, class W>
struct CellStep {
    using S = typename P::scalar;
    using Stored = Storage<P, W>;
    using word = typename Stored::word;
    using Gates = GateLayout<C>;
    static constexpr int lanes = P::size, gates = Gates::gates, per_unit = Gates::per_unit;
    static constexpr int sums = Gates::pre, states = Gates::states, rows = Stored::rows;
    static constexpr int most = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 24 : 12; // sums in registers
    static constexpr int blocks = (H + lanes - 1) / lanes;
    static constexpr std::size_t component_at(int k) { return k == 0 ? 0 : padded(R) + std::size_t(k - 1) * padded(H); }
    static_assert(Gates::after_reset == 0);

    // The elements before the weights of a tile of n blocks; the columns of W and U; bytes per block, and in all.
    static constexpr std::size_t constants(int n) { return std::size_t(n * (sums + per_unit) * lanes); }
    static constexpr std::size_t columns = std::size_t((In + rows - 1) / rows + (R + rows - 1) / rows);
    static constexpr std::size_t block_size =
        constants(1) * sizeof(S) + columns * std::size_t(gates * lanes) * sizeof(word);
    static constexpr std::size_t size = std::size_t(blocks) * block_size;

    // Independent chains per sum: with few sums, more chains hide the latency of FMA.
    static constexpr int chains(int n) { return n * sums <= most / 3 ? 3 : n * sums <= most / 2 ? 2 : 1; }
    // As many blocks in a tile as the registers hold; fewer where the weights exceed L1, if sums keep their order.
    using Wide = eigen::Tiles<blocks, (std::min)((blocks * sums + most - 1) / most, blocks)>;
    static constexpr bool large = size > L1_size;
    // With packs of 16 bytes, and with the functions of double, the weights do not set the time.
    static constexpr bool narrow = large && sizeof(P) >= 32 && sizeof(S) == 4 && chains(Wide::width) == 1;
    static constexpr int most_blocks =
        narrow ? cached_width(blocks, block_size, std::size_t(gates) * sizeof(P), Wide::widest) : Wide::widest;
    using Tiles = eigen::Tiles<blocks, (std::max)(Wide::count, (blocks + most_blocks - 1) / most_blocks)>;

    /// tensor(k) in PyTorch's order: W, U, b, c and per-unit parameters.
    template <bool bias = true, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        Tiles::each([&](int n, int first) { pack_tile<bias>(tensor, to + std::size_t(first) * block_size, first, n); });
    }

    /// Updates state in place. `back` runs over the tiles in reverse: a caller that alternates reads weights larger
    /// than the cache in serpentine order, starting with those that were read last. It does not change the bits.
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void step(const std::byte* packed, const S* x, S* state, bool back) {
        if constexpr (Tiles::count == 1) {
            run<blocks>(packed, x, state, state, 0);
        } else {
            alignas(64) S h[padded(H)];
            step_to(h, packed, x, state, back);
            for (int k = 0; k < blocks; ++k) P::load(h + k * lanes).store(state + k * lanes);
        }
    }
    /// The same, with h in `to`, which `state` keeps until then.
    [[gnu::always_inline]] static void step_to(S* to, const std::byte* packed, const S* x, S* state, bool back) {
        if constexpr (Tiles::count == 1) {
            run<blocks>(packed, x, state, to, 0);
        } else {
            const auto tile = [&](int k) __attribute__((always_inline)) {
                constexpr int width = Tiles::width, wider = Tiles::wider, widest = Tiles::widest;
                if (wider > 0 && k < wider)
                    run<widest>(packed + std::size_t(k) * (widest * block_size), x, state, to, k * widest);
                else
                    run<width>(packed + std::size_t(wider) * (widest * block_size) +
                                   std::size_t(k - wider) * (width * block_size),
                               x, state, to, k * width + wider);
            };
            // One loop for both orders, so that the tiles' code is compiled once.
            const bool reverse = large && back;
            const int by = reverse ? -1 : 1;
            for (int n = 0, k = reverse ? Tiles::count - 1 : 0; n < Tiles::count; ++n, k += by) tile(k);
        }
    }

    /// The cell of the units from `at` on: their sums, their per-unit parameters, and their part of the states.
    template <bool shared = false>
    [[gnu::always_inline]] static void apply(const P* sum, const S* numbers, S* state, S* h_after, int at) {
        cell::Pre<C, P> pre;
        unroll<sums>([&](auto g) __attribute__((always_inline)) { pre[g] = sum[g]; });
#if defined(__clang__) && defined(__x86_64__)
        // Else clang computes one gate after another, and spills what their products share.
        if constexpr (sums == 4 && shared)
            asm volatile("" : "+x"(pre[0].v), "+x"(pre[1].v), "+x"(pre[2].v), "+x"(pre[3].v));
#endif
        cell::State<C, P> before;
        unroll<states>([&](auto k) __attribute__((always_inline)) {
            if constexpr (k == 0 && R != H) before[k] = P(S(0)); // not read
            else before[k] = P::load(state + component_at(k) + at);
        });
        cell::PerUnit<C, P> parameters{};
        if constexpr (per_unit > 0)
            unroll<per_unit>([&](auto k)
                                 __attribute__((always_inline)) { parameters[k] = P::load(numbers + k * lanes); });
        const auto result = C::forward(pre, before, parameters);
        without_denormals(result.state[0]).store(h_after + at);
        unroll<states - 1>([&](auto k) __attribute__((always_inline)) {
            without_denormals(result.state[k + 1]).store(state + component_at(k + 1) + at);
        });
    }

    // The index of the sum that pack i of W x, or of U h, is added to.
    struct OfX {
        static constexpr int at(int i) { return i / gates * sums + i % gates; }
    };
    struct OfH {
        static constexpr int at(int i) { return i / gates * sums + Gates::of_h(i % gates); }
    };

private:
    template <bool bias, class Tensors>
    static void pack_tile(const Tensors& tensor, std::byte* to, int first, int n) {
        // For the i-th element of a tile with `count` elements per unit: which of these it is, and its row of the
        // tensor; -1 for padding.
        const auto block = [](int i, int count) { return i / lanes % count; };
        const auto row = [&](int i, int count, int of) {
            const int unit = (first + i / lanes / count) * lanes + i % lanes;
            return unit < H ? of * H + unit : -1;
        };
        S* number = reinterpret_cast<S*>(to);
        for (int i = 0; i < n * sums * lanes; ++i) {
            const int k = block(i, sums), at = row(i, sums, Gates::gate(k));
            S sum(0);
            if constexpr (bias)
                if (at >= 0)
                    Gates::each_bias(k, tensor(Gates::b), tensor(Gates::c),
                                     [&](const auto& gate_bias) { sum += gate_bias[std::size_t(at)]; });
            *number++ = sum;
        }
        if constexpr (per_unit > 0)
            for (int i = 0; i < n * per_unit * lanes; ++i) {
                const int at = row(i, per_unit, block(i, per_unit));
                *number++ = at < 0 ? S(0) : tensor(Gates::parameters(bias))[std::size_t(at)];
            }
        word* words = reinterpret_cast<word*>(number);
        const auto weights = [&](const auto& w, int inner) {
            words = pack_columns<Stored>(words, w, inner, n * gates * lanes,
                                         [&](int i) { return row(i, gates, block(i, gates)); });
        };
        weights(tensor(Gates::W), In);
        weights(tensor(Gates::U), R);
    }

    template <int n>
    [[gnu::always_inline]] static void run(const std::byte* packed, const S* x, S* state, S* h_after, int first) {
        const S* numbers = reinterpret_cast<const S*>(packed);
        constexpr int all = n * sums, parts = narrow ? 1 : chains(n);
        P sum[parts * all];
        unroll<all>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + i * lanes); });
        unroll<(parts - 1) * all>([&](auto i) __attribute__((always_inline)) { sum[all + i] = P(S(0)); });
        const word* words = reinterpret_cast<const word*>(numbers + constants(n));
        words = add_columns<OfX, Stored, In, parts, n * gates, all, rows == 1>(sum, words, x);
        add_columns<OfH, Stored, R, parts, n * gates, all, rows == 1>(sum, words, state);
        unroll<(parts - 1) * all>([&](auto i)
                                      __attribute__((always_inline)) { sum[i % all] = sum[i % all] + sum[all + i]; });
        unroll<n>([&](auto b) __attribute__((always_inline)) {
            apply<(parts > 1)>(sum + b * sums, numbers + (n * sums + b * per_unit) * lanes, state, h_after,
                               (first + b) * lanes);
        });
    }
};

} // namespace rondo::eigen
