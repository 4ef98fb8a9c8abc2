// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/concept.hpp"
#include "../../core/memory.hpp"
#include "../../core/unroll.hpp"
#include "storage.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Numbers so small that they would slow a processor down become zero; no other changes by more than 1e-27.
template <class P>
[[gnu::always_inline]] inline P without_denormals(P x) {
    const P tiny(typename P::scalar(1e-20));
    return (x + tiny) - tiny;
}

/// A pack for rows of `size` numbers: half as wide where the widest would be idle for the most part.
template <int widest, int size>
constexpr int fitting_width() {
    int width = widest;
    while (width > 4 && size <= (width > 8 ? 24 : width / 2)) width /= 2;
    return width;
}

/// One step of one sequence through a cell: the gates of a tile of units stay in registers, from the biases through the
/// sums over x and h to the new state.
///
/// Tiles have as many blocks (a pack of units each) as the registers hold sums for. A tile's weights are what it reads,
/// in that order: biases, parameters of the units' own, then for each number of x and of h the weights of all its
/// gates.
///
/// Shapes  x (In), state: components of padded(H), h first; packed: `size` words.
template <class C, int In, int H, class P, class W>
struct CellStep {
    using S = typename P::scalar;
    using Stored = Storage<P, W>;
    using word = typename Stored::word;
    static constexpr int lanes = P::size, gates = C::shape.gates, split = C::shape.split, per_unit = C::shape.per_unit;
    static constexpr int sums = gates + split, states = C::shape.states, rows = Stored::rows;
    static constexpr int most = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 24 : 12; // sums in registers
    static constexpr int blocks = (H + lanes - 1) / lanes;
    static constexpr int tiles = (std::min)((blocks * sums + most - 1) / most, blocks);
    static constexpr int width = blocks / tiles, wider = blocks % tiles; // the first tiles have one block more
    static constexpr std::size_t stride = padded(H);
    static_assert(C::shape.after_reset == 0);

    // A tile's numbers before its weights, and its words of all weights.
    static constexpr std::size_t constants(int n) { return std::size_t(n * (sums + per_unit) * lanes); }
    static constexpr std::size_t columns = std::size_t((In + rows - 1) / rows + (H + rows - 1) / rows);
    static constexpr std::size_t tile_size(int n) {
        return constants(n) * sizeof(S) + columns * std::size_t(n * gates * lanes) * sizeof(word);
    }
    static constexpr std::size_t size =
        std::size_t(wider) * tile_size(width + 1) + std::size_t(tiles - wider) * tile_size(width); // bytes
    static constexpr std::size_t large = 32768; // more than the first cache: tiles then go to and fro

    /// Tensors in PyTorch's order: W, U, b, c and what the units have of their own.
    template <class ParameterSpec>
    static void pack(const ParameterSpec& tensor, std::byte* to) {
        for (int tile = 0, block = 0; tile < tiles; ++tile) {
            const int n = width + (tile < wider);
            pack_tile(tensor, to, block, n);
            to += tile_size(n);
            block += n;
        }
    }

    /// x and state as they are, to state as it becomes. `back` goes through the tiles from the last one: of weights
    /// that no cache holds as a whole, the part read last is the part to begin with. It changes no bit.
    [[gnu::noinline, gnu::flatten]] static void step(const std::byte* packed, const S* x, S* state, bool back) {
        if constexpr (tiles == 1) {
            run<width>(packed, x, state, state, 0);
        } else {
            alignas(64) S h[stride];
            const auto tile = [&](int k) __attribute__((always_inline)) {
                if (wider > 0 && k < wider)
                    run<width + 1>(packed + std::size_t(k) * tile_size(width + 1), x, state, h, k * (width + 1));
                else
                    run<width>(packed + std::size_t(wider) * tile_size(width + 1) +
                                   std::size_t(k - wider) * tile_size(width),
                               x, state, h, k * width + wider);
            };
            if (size > large && back)
                for (int k = tiles - 1; k >= 0; --k) tile(k);
            else
                for (int k = 0; k < tiles; ++k) tile(k);
            for (int k = 0; k < blocks; ++k) P::load(h + k * lanes).store(state + k * lanes);
        }
    }

private:
    static constexpr int plain = gates - split;

    template <class ParameterSpec>
    static void pack_tile(const ParameterSpec& tensor, std::byte* to, int first, int n) {
        S* number = reinterpret_cast<S*>(to);
        const auto each = [&](int count, auto&& value) { // for the units of each block, the padding zero
            for (int b = 0; b < n; ++b)
                for (int g = 0; g < count; ++g)
                    for (int u = 0; u < lanes; ++u) {
                        const int unit = (first + b) * lanes + u;
                        value(g, unit, unit < H);
                    }
        };
        each(sums, [&](int g, int unit, bool real) {
            S sum(0);
            if (real && g < gates) sum += tensor(2)[std::size_t(g * H + unit)];
            if (real && (g < plain || g >= gates))
                sum += tensor(3)[std::size_t((g < plain ? g : g - split) * H + unit)];
            *number++ = sum;
        });
        if constexpr (per_unit > 0)
            each(per_unit, [&](int k, int unit, bool real) {
                *number++ = real ? tensor(4)[std::size_t(k * H + unit)] : S(0);
            });
        word* words = reinterpret_cast<word*>(number);
        const auto weights = [&](const auto& w, int inner) {
            for (int k = 0; k < inner; k += rows)
                each(gates, [&](int g, int unit, bool real) {
                    S some[rows]{};
                    for (int r = 0; r < rows && k + r < inner && real; ++r)
                        some[r] = w[std::size_t(g * H + unit) * std::size_t(inner) + std::size_t(k + r)];
                    *words++ = Stored::join(some);
                });
        };
        weights(tensor(0), In);
        weights(tensor(1), H);
    }

    // As many chains of sums as keep the processor busy, where there are few sums.
    static constexpr int chains(int n) { return n * sums <= most / 3 ? 3 : n * sums <= most / 2 ? 2 : 1; }

    template <int n>
    [[gnu::always_inline]] static void run(const std::byte* packed, const S* x, S* state, S* h_after, int first) {
        const S* numbers = reinterpret_cast<const S*>(packed);
        constexpr int all = n * sums, parts = chains(n);
        P sum[parts * all];
        unroll<all>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + i * lanes); });
        unroll<(parts - 1) * all>([&](auto i) __attribute__((always_inline)) { sum[all + i] = P(S(0)); });
        const word* words = reinterpret_cast<const word*>(numbers + constants(n));
        words = add<n, parts, In, false>(sum, words, x);
        add<n, parts, H, true>(sum, words, state);
        unroll<(parts - 1) * all>([&](auto i) __attribute__((always_inline)) {
            sum[i % all] = sum[i % all] + sum[all + i];
        });
        unroll<n>([&](auto b) __attribute__((always_inline)) {
            cell::Pre<C, P> pre;
            unroll<sums>([&](auto g) __attribute__((always_inline)) { pre[g] = sum[b * sums + g]; });
            const int at = (first + b) * lanes;
            cell::State<C, P> before;
            unroll<states>([&](auto k) __attribute__((always_inline)) {
                before[k] = P::load(state + std::size_t(k) * stride + at);
            });
            cell::PerUnit<C, P> parameters{};
            if constexpr (per_unit > 0)
                unroll<per_unit>([&](auto k) __attribute__((always_inline)) {
                    parameters[k] = P::load(numbers + (n * sums + b * per_unit + k) * lanes);
                });
            const auto result = C::forward(pre, before, parameters);
            without_denormals(result.state[0]).store(h_after + at);
            unroll<states - 1>([&](auto k) __attribute__((always_inline)) {
                without_denormals(result.state[k + 1]).store(state + std::size_t(k + 1) * stride + at);
            });
        });
    }

    // sum += weights b, column after column; those of h go to the sums that gates keep apart.
    template <int n, int parts, int inner, bool recurrent>
    [[gnu::always_inline]] static const word* add(P* sum, const word* words, const S* b) {
        const auto column = [&](auto chain, int k, auto count) __attribute__((always_inline)) {
            P right[count];
            unroll<count>([&](auto r) __attribute__((always_inline)) { right[r] = P(b[k + r]); });
            unroll<n * gates>([&](auto i) __attribute__((always_inline)) {
                constexpr int g = i % gates, to = i / gates * sums + (recurrent && g >= plain ? g + split : g);
                P& s = sum[chain * n * sums + to];
                unroll<count>([&](auto r) __attribute__((always_inline)) {
                    s = math::fma(Stored::template load<r>(words + i * lanes), right[r], s);
                });
            });
            words += n * gates * lanes;
        };
        using Rows = std::integral_constant<int, rows>;
        constexpr int whole = inner / rows, turns = whole / parts;
        const auto turn = [&](int k) __attribute__((always_inline)) {
            unroll<parts>([&](auto c) __attribute__((always_inline)) { column(c, (k * parts + c) * rows, Rows{}); });
        };
        if constexpr (rows == 1) {
#pragma GCC unroll 4
            for (int k = 0; k < turns; ++k) turn(k);
        } else { // g++ would keep the words of a turn until their second row, and the sums in memory
            for (int k = 0; k < turns; ++k) turn(k);
        }
        unroll<whole % parts>(
            [&](auto c) __attribute__((always_inline)) { column(c, (turns * parts + c) * rows, Rows{}); });
        if constexpr (inner % rows > 0)
            column(std::integral_constant<int, 0>{}, whole * rows, std::integral_constant<int, inner % rows>{});
        return words;
    }
};

} // namespace rondo::eigen
