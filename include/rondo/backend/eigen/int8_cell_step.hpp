// SPDX-License-Identifier: MIT
#pragma once

#include "cell_step.hpp"
#include "int8_rows.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The packs of sums of a tile: with their weights, they should stay in registers.
template <class Dot>
inline constexpr int int8_sums = Dot::registers >= 32   ? 12
                                 : Dot::registers >= 16 ? 9
                                                        : 4;

/// One step of one sequence through a cell with weights in int8: x and h are quantized, products are summed in 32 bits
/// and multiplied by their scales, and the cell is computed in float.
///
/// A tile of units has its biases, per-unit parameters, and the rows of W and of U of all its gates. Large weights are
/// read in serpentine order. Sums are exact: neither tiles nor instruction sets change them.
///
/// Shapes  those of CellStep.
template <class C, int In, int H, int R, class P, class Dot>
struct Int8CellStep {
    using S = float;
    using Gates = GateLayout<C>;
    using OfFloat = CellStep<C, In, H, R, P, float>; // its cell, and the order of its sums
    static constexpr int lanes = P::size, gates = Gates::gates, per_unit = Gates::per_unit, sums = Gates::pre;
    static constexpr int blocks = (H + lanes - 1) / lanes, rows = gates * H;
    static constexpr bool bounded = C::shape.bounded && R == H;
    using W = RowsOf<rows, In, P, Dot>;
    using U = RowsOf<rows, R, P, Dot>;
    static constexpr bool int8_input = int8::stored(rows, In), int8_state = int8::stored(rows, R);

    static constexpr std::size_t constants(int n) { return std::size_t(n * (sums + per_unit) * lanes); }
    static constexpr std::size_t block_size = constants(1) * sizeof(S) + W::size(gates) + U::size(gates);
    static constexpr std::size_t size = int8_header + std::size_t(blocks) * block_size;
    static constexpr int most_blocks = (std::max)(1, int8_sums<Dot> / gates);
    using Tiles = eigen::Tiles<blocks, (blocks + most_blocks - 1) / most_blocks>;
    static constexpr bool large = size > L1_size;

    /// What the tiles read: x and h, quantized.
    struct Inputs {
        typename W::Vector x;
        typename U::Vector h;
        [[gnu::always_inline]] Inputs(const std::byte* packed, const S* x_values, const S* state) {
            const auto& ranges = *reinterpret_cast<const Int8Ranges*>(packed);
            x.set(x_values, ranges.x);
            h.template set<true>(state, bounded ? 1.f : ranges.h);
        }
    };

    template <bool bias = true, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        std::fill_n(to, int8_header, std::byte{});
        to += int8_header;
        Tiles::each([&](int n, int first) {
            const auto lane_of = [&](int i, int count) { // a unit's element i of a tile with `count` a unit
                const int unit = (first + i / lanes / count) * lanes + i % lanes;
                return unit < H ? unit : -1;
            };
            S* number = reinterpret_cast<S*>(to);
            for (int i = 0; i < n * sums * lanes; ++i) {
                const int k = i / lanes % sums, unit = lane_of(i, sums);
                S sum(0);
                if constexpr (bias)
                    if (unit >= 0)
                        Gates::each_bias(k, tensor(Gates::b), tensor(Gates::c), [&](const auto& gate_bias) {
                            sum += gate_bias[std::size_t(Gates::gate(k) * H + unit)];
                        });
                *number++ = sum;
            }
            if constexpr (per_unit > 0)
                for (int i = 0; i < n * per_unit * lanes; ++i) {
                    const int unit = lane_of(i, per_unit);
                    const auto at = std::size_t(i / lanes % per_unit * H + unit);
                    *number++ = unit < 0 ? S(0) : tensor(Gates::parameters(bias))[at];
                }
            const auto row = [&](int i) {
                const int unit = lane_of(i, gates);
                return unit < 0 ? -1 : i / lanes % gates * H + unit;
            };
            to = W::pack(reinterpret_cast<std::byte*>(number), tensor(Gates::W), n * gates, row);
            to = U::pack(to, tensor(Gates::U), n * gates, row);
        });
    }

    /// Updates state in place. For `back` see CellStep.
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void step(const std::byte* packed, const S* x, S* state, bool back) {
        step_to(state, packed, x, state, back);
    }
    /// The same, with h in `to`, which `state` keeps until then.
    [[gnu::always_inline]] static void step_to(S* to, const std::byte* packed, const S* x, S* state, bool back) {
        const Inputs inputs{packed, x, state};
        each_tile(packed, back, [&](auto n, const std::byte* tile, int first) __attribute__((always_inline)) {
            run<n>(tile, inputs, state, to, first);
        });
    }

    /// Calls f(n, weights, first) for each tile, of n blocks from `first` on; n is an integral_constant.
    template <class F>
    [[gnu::always_inline]] static void each_tile(const std::byte* packed, bool back, F&& f) {
        constexpr int width = Tiles::width, wider = Tiles::wider, widest = Tiles::widest;
        packed += int8_header;
        const bool reverse = large && back;
        const int by = reverse ? -1 : 1;
        for (int n = 0, k = reverse ? Tiles::count - 1 : 0; n < Tiles::count; ++n, k += by) {
            const int first = k * width + (k < wider ? k : wider);
            const std::byte* const tile = packed + std::size_t(first) * block_size;
            if (wider > 0 && k < wider) f(std::integral_constant<int, widest>{}, tile, first);
            else f(std::integral_constant<int, width>{}, tile, first);
        }
    }

    template <int n>
    [[gnu::always_inline]] static void run(const std::byte* tile, const Inputs& inputs, S* state, S* h_after,
                                           int first) {
        const S* const numbers = reinterpret_cast<const S*>(tile);
        P sum[n * sums];
        unroll<n * sums>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + i * lanes); });
        const auto* rows_of_tile = reinterpret_cast<const std::byte*>(numbers + constants(n));
        rows_of_tile = W::template add<typename OfFloat::OfX, n * gates>(sum, rows_of_tile, inputs.x);
        U::template add<typename OfFloat::OfH, n * gates>(sum, rows_of_tile, inputs.h);
        unroll<n>([&](auto b) __attribute__((always_inline)) {
            OfFloat::apply(sum + b * sums, numbers + (n * sums + b * per_unit) * lanes, state, h_after,
                           (first + b) * lanes);
        });
    }
};

} // namespace rondo::eigen
