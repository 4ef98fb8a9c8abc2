// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/unroll.hpp"
#include "cell_columns.hpp"
#include "int8_projected_step.hpp"
#include "int8_reset_step.hpp"
#include "linear_step_columns.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// Steps of several streams with weights in int8: the weights of a tile are read from the caches once for `int8_group`
// streams, whose inputs are quantized before. Sums are exact, so that a stream's bits are those of a stream alone.
inline constexpr std::size_t int8_group = 8;

template <class C, int In, int H, int R, class P, class Dot>
struct CellColumns<Int8CellStep<C, In, H, R, P, Dot>> {
    using Cell = Int8CellStep<C, In, H, R, P, Dot>;
    using S = float;
    static constexpr std::size_t after_size = 0;

    /// Updates the states in place. For `back` see CellStep.
    static void step(const std::byte* packed, StreamColumns<const S> x, S* const* states, std::size_t offset,
                     std::size_t streams, S*, bool back) {
        if (!Cell::large || streams == 1) {
            for (std::size_t c = 0; c < streams; ++c) Cell::step(packed, x[c], states[c] + offset, back);
            return;
        }
        for (std::size_t first = 0; first < streams; first += int8_group)
            each_tile(packed, x.from(first), states + first, offset, (std::min)(int8_group, streams - first), back);
    }

private:
    union Inputs { // constructed for the streams that there are
        Inputs() {}
        typename Cell::Inputs of;
    };
    static void each_tile(const std::byte* packed, StreamColumns<const S> x, S* const* states, std::size_t offset,
                          std::size_t streams, bool back) {
        std::array<Inputs, int8_group> inputs;
        for (std::size_t c = 0; c < streams; ++c) quantize(inputs[c], packed, x[c], states[c] + offset);
        Cell::each_tile(packed, back, [&](auto n, const std::byte* tile, int block) {
            for (std::size_t c = 0; c < streams; ++c) run<n>(tile, inputs[c].of, states[c] + offset, block);
        });
    }
    [[gnu::noinline, gnu::flatten]] static void quantize(Inputs& inputs, const std::byte* packed, const S* x,
                                                         const S* state) {
        new (&inputs.of) typename Cell::Inputs{packed, x, state};
    }
    template <int n>
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void run(const std::byte* tile, const typename Cell::Inputs& inputs,
                                                    S* state, int block) {
        Cell::template run<n>(tile, inputs, state, state, block);
    }
};

/// One stream after another.
template <class Step>
struct Int8ColumnsOneByOne {
    static constexpr std::size_t after_size = 0;
    static void step(const std::byte* packed, StreamColumns<const float> x, float* const* states, std::size_t offset,
                     std::size_t streams, float*, bool back) {
        for (std::size_t c = 0; c < streams; ++c) Step::step(packed, x[c], states[c] + offset, back);
    }
};
template <class C, int In, int H, class P, class Dot>
struct CellColumns<Int8ResetStep<C, In, H, P, Dot>> : Int8ColumnsOneByOne<Int8ResetStep<C, In, H, P, Dot>> {};
template <class C, int In, int H, int Out, class P, class Dot, class Q, class DotOfOut>
struct CellColumns<Int8ProjectedStep<C, In, H, Out, P, Dot, Q, DotOfOut>>
    : Int8ColumnsOneByOne<Int8ProjectedStep<C, In, H, Out, P, Dot, Q, DotOfOut>> {};

template <int In, int Out, class P, class Dot>
struct LinearStepColumns<Int8LinearStep<In, Out, P, Dot>> {
    using Linear = Int8LinearStep<In, Out, P, Dot>;
    using S = float;

    static void step(const std::byte* packed, StreamColumns<const S> x, StreamColumns<S> y, std::size_t count) {
        for (std::size_t first = 0; first < count; first += int8_group)
            each_tile(packed, x.from(first), y.from(first), (std::min)(int8_group, count - first));
    }

private:
    using Vectors = std::array<typename Linear::Vector, int8_group>;
    static void each_tile(const std::byte* packed, StreamColumns<const S> x, StreamColumns<S> y, std::size_t count) {
        Vectors vectors;
        const float range = reinterpret_cast<const Int8Ranges*>(packed)->x;
        for (std::size_t c = 0; c < count; ++c) quantize(vectors[c], x[c], range);
        Linear::each_tile(packed, [&](auto n, const std::byte* tile, int block) {
            alignas(64) S some[n * Linear::lanes]; // whole packs
            const std::size_t first = std::size_t(block * Linear::lanes),
                              rows = (std::min)(std::size_t(n * Linear::lanes), std::size_t(Out) - first);
            for (std::size_t c = 0; c < count; ++c) {
                run<n>(tile, vectors[c], some);
                std::copy_n(some, rows, y[c] + first);
            }
        });
    }
    [[gnu::noinline, gnu::flatten]] static void quantize(typename Linear::Vector& to, const S* x, float range) {
        to.set(x, range);
    }
    template <int n>
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void run(const std::byte* tile, const typename Linear::Vector& x, S* y) {
        Linear::template run<n>(tile, x, y);
    }
};

} // namespace rondo::eigen
