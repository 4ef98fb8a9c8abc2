// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../graph/op_context.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// z = (x - m) / s, y = w z + b for each column, with the column's mean m (0 if not centered) and
/// s = sqrt(mean (x - m)^2 + eps).
template <class S, bool centered>
struct NormalizeColumn {
    const S* x;     // (rows x N)
    S *y, *z;       // (rows x N); z null: not kept
    S* scale;       // (N): 1 / s; null: not kept
    const S *w, *b; // (rows); null: 1, 0
    std::size_t rows;
    S eps;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        P mean(S(0)), squares(S(0));
        if constexpr (centered) {
            P sum(S(0));
            for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) { sum = sum + part.load(x + first + k); });
            mean = P(math::sum(sum) / S(rows));
        }
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P d = part.zero_rest(part.load(x + first + k) - mean);
            squares = math::fma(d, d, squares);
        });
        const S inverse = S(1) / math::sqrt(math::sum(squares) / S(rows) + eps);
        if (scale) scale[column] = inverse;
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P d = (part.load(x + first + k) - mean) * P(inverse);
            if (z) part.store(z + first + k, d);
            const P scaled = w ? part.load(w + k) * d : d;
            part.store(y + first + k, b ? scaled + part.load(b + k) : scaled);
        });
    }
};
/// dx += (g - mean g - z mean (g z)) / s with g = w dy, for each column; without mean g if not centered
template <class S, bool centered>
struct NormalizeColumnGradient {
    const S *z, *dy; // (rows x N)
    const S* scale;  // (N)
    const S* w;      // (rows); null: 1
    S* dx;           // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        const auto g = [&](PartialPack<P> part, std::size_t k) {
            const P d = part.load(dy + first + k);
            return w ? part.load(w + k) * d : d;
        };
        P sum(S(0)), products(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            if constexpr (centered) sum = sum + g(part, k);
            products = math::fma(g(part, k), part.load(z + first + k), products);
        });
        const P mean(math::sum(sum) / S(rows)), product(math::sum(products) / S(rows)), inverse(scale[column]);
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = first + k;
            part.store(dx + at, part.load(dx + at) + (g(part, k) - mean - part.load(z + at) * product) * inverse);
        });
    }
};
/// p = a b, elementwise over a column
template <class S>
struct ColumnProduct {
    const S *a, *b; // (rows x N)
    S* p;           // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            part.store(p + at, part.load(a + at) * part.load(b + at));
        });
    }
};
}

/// The operation that normalizes each column to mean 0 (if centered) and mean square 1, and applies a weight and a
/// bias.
template <class S, bool centered>
struct Normalization {
    DynamicSequenceView<const S> x; // (Size x T B)
    DynamicSequenceView<S> y;       // (Size x T B)
    S *normalized, *scale;          // (Size x T B), (T B); null without a backward
    Parameter<S> weight, bias;      // (Size); null: none
    S eps;

    std::array<ParameterTensor, 2> parameters() const {
        return {ParameterTensor{weight.offset, weight.value ? x.rows : 0}, {bias.offset, bias.value ? x.rows : 0}};
    }

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(detail::NormalizeColumn<S, centered>{x.value, y.value, normalized, scale, weight.value,
                                                                   bias.value, x.rows, eps},
                              x.columns());
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths;
            S *products, *active, *sums;
        } room{};
        if (!weight.value) return room;
        room.products = scratch.take(y.size());
        room.sums = scratch.take_sums(OpContext<B>::total_size(parameters()));
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            if (x.extent.lengths) room.active = scratch.take(y.size());
        }
        return room;
    }
    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        if (x.gradient)
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                const std::size_t at = first * x.rows;
                backend.columns(detail::NormalizeColumnGradient<S, centered>{normalized + at, y.gradient + at,
                                                                             scale + first, weight.value,
                                                                             x.gradient + at, x.rows},
                                count);
            });
        S* const dw = weight.value ? run.gradient(weight) : nullptr;
        if (!dw) return;
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const ColumnMajorView<S> products{room.products, x.rows, x.columns()};
        const auto multiply = [&](std::size_t first, std::size_t count) {
            const std::size_t at = first * x.rows;
            backend.columns(detail::ColumnProduct<S>{y.gradient + at, normalized + at, products.data + at, x.rows},
                            count);
        };
        if constexpr (Run::whole) {
            const int* lengths = run.lengths(x.extent, room.lengths);
            multiply(0, x.columns());
            backend.add_columns(dw, run.active(products, x.extent, lengths, room.active));
            if (bias.value)
                backend.add_columns(run.gradient(bias), run.active(y.gradients(), x.extent, lengths, room.active));
        } else {
            for_each_valid_range(x.extent, multiply);
            run.each_shard(parameters(), x.extent, room.sums,
                           [&](const Extent& part, int from, const std::array<S*, 2>& to) {
                               run.add_columns(to[0], part, from, x.extent, products);
                               if (bias.value) run.add_columns(to[1], part, from, x.extent, y.gradients());
                           });
        }
    }
};

} // namespace rondo
