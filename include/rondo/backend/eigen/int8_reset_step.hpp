// SPDX-License-Identifier: MIT
#pragma once

#include "int8_cell_step.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// One step of one sequence through a cell with gates after the reset, with weights in int8, in two passes over the
/// units: the gates before the reset and q, which is quantized as h is; then the products with q, and the cell.
///
/// Shapes  those of CellStep.
template <class C, int In, int H, class P, class Dot>
struct Int8ResetStep {
    using S = float;
    using Gates = GateLayout<C>;
    static constexpr int lanes = P::size, gates = Gates::gates, per_unit = Gates::per_unit;
    static constexpr int before = Gates::before_reset, after = Gates::after_reset, states = Gates::states;
    static constexpr std::size_t first_lane(int pack) { return std::size_t(pack) * std::size_t(lanes); }
    static constexpr int blocks = (H + lanes - 1) / lanes, rows = gates * H;
    static constexpr bool bounded = C::shape.bounded;
    using W = RowsOf<rows, In, P, Dot>;
    using U = RowsOf<rows, H, P, Dot>;
    static constexpr bool int8_input = int8::stored(rows, In), int8_state = int8::stored(rows, H);
    static_assert(Gates::split == 0 && after > 0);

    // A block: biases and per-unit parameters, then the rows of W and U before the reset, of U after it.
    static constexpr std::size_t constants = std::size_t((gates + per_unit) * lanes);
    static constexpr std::size_t first_size = constants * sizeof(S) + W::size(gates) + U::size(before);
    static constexpr std::size_t block_size = first_size + U::size(after);
    static constexpr std::size_t size = int8_header + std::size_t(blocks) * block_size;

    template <bool bias = true, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        std::fill_n(to, int8_header, std::byte{});
        to += int8_header;
        for (int block = 0; block < blocks; ++block) {
            const auto row = [&](int i) { // of gate i / lanes
                const int unit = block * lanes + i % lanes;
                return unit < H ? i / lanes * H + unit : -1;
            };
            S* number = reinterpret_cast<S*>(to);
            for (int i = 0; i < gates * lanes; ++i) {
                S sum(0);
                if constexpr (bias)
                    if (row(i) >= 0)
                        sum = tensor(Gates::b)[std::size_t(row(i))] + tensor(Gates::c)[std::size_t(row(i))];
                *number++ = sum;
            }
            if constexpr (per_unit > 0)
                for (int i = 0; i < per_unit * lanes; ++i)
                    *number++ = row(i) < 0 ? S(0) : tensor(Gates::parameters(bias))[std::size_t(row(i))];
            to = W::pack(reinterpret_cast<std::byte*>(number), tensor(Gates::W), gates, row);
            to = U::pack(to, tensor(Gates::U), before, row);
            to = U::pack(to, tensor(Gates::U), after, [&](int i) { return row(i + before * lanes); });
        }
    }

    /// Updates state in place.
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void step(const std::byte* packed, const S* x, S* state, bool) {
        const auto& ranges = *reinterpret_cast<const Int8Ranges*>(packed);
        packed += int8_header;
        alignas(64) S q[padded(std::size_t(H))];
        alignas(64) S sums[std::size_t(blocks * gates * lanes)];
        {
            typename W::Vector inputs;
            typename U::Vector h;
            inputs.set(x, ranges.x);
            h.template set<true>(state, bounded ? 1.f : ranges.h);
            for (int k = 0; k < blocks; ++k)
                first_pass(packed + std::size_t(k) * block_size, inputs, h, state, sums, q, k);
        }
        typename U::Vector after_reset;
        after_reset.template set<true>(q, bounded ? 1.f : ranges.q);
        for (int k = 0; k < blocks; ++k)
            second_pass(packed + std::size_t(k) * block_size, after_reset, state, sums + first_lane(k * gates), k);
    }
    /// The states of a block of units, component by component.
    [[gnu::always_inline]] static cell::State<C, P> states_of(const S* state, int block) {
        cell::State<C, P> all;
        unroll<states>([&](auto k) __attribute__((always_inline)) {
            all[k] = P::load(state + std::size_t(k) * padded(std::size_t(H)) + first_lane(block));
        });
        return all;
    }

private:
    template <int first>
    struct From {
        static constexpr int at(int i) { return first + i; }
    };
    [[gnu::always_inline]] static void first_pass(const std::byte* weights, const typename W::Vector& x,
                                                  const typename U::Vector& h, const S* state, S* sums, S* q,
                                                  int block) {
        const S* const numbers = reinterpret_cast<const S*>(weights);
        P sum[gates];
        unroll<gates>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(numbers + first_lane(i)); });
        weights = W::template add<From<0>, gates>(sum, weights + constants * sizeof(S), x);
        U::template add<From<0>, before>(sum, weights, h);
        cell::Pre<C, P> pre;
        unroll<gates>([&](auto i) __attribute__((always_inline)) {
            pre[i] = sum[i];
            sum[i].store(sums + first_lane(block * gates + i));
        });
        C::reset(pre, states_of(state, block)).store(q + first_lane(block));
    }
    [[gnu::always_inline]] static void second_pass(const std::byte* weights, const typename U::Vector& q, S* state,
                                                   const S* sums, int block) {
        P sum[gates];
        unroll<gates>([&](auto i) __attribute__((always_inline)) { sum[i] = P::load(sums + first_lane(i)); });
        U::template add<From<before>, after>(sum, weights + first_size, q);
        cell::Pre<C, P> pre;
        unroll<gates>([&](auto i) __attribute__((always_inline)) { pre[i] = sum[i]; });
        cell::PerUnit<C, P> parameters{};
        if constexpr (per_unit > 0)
            unroll<per_unit>([&](auto k) __attribute__((always_inline)) {
                parameters[k] = P::load(reinterpret_cast<const S*>(weights) + first_lane(gates + k));
            });
        const auto result = C::forward(pre, states_of(state, block), parameters);
        unroll<states>([&](auto k) __attribute__((always_inline)) {
            without_denormals(result.state[k])
                .store(state + std::size_t(k) * padded(std::size_t(H)) + first_lane(block));
        });
    }
};

} // namespace rondo::eigen
