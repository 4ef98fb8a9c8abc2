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
/// y = x for x > 0, else a x
template <class S>
struct PReLUValue {
    const S *x, *a; // (rows x N), (rows) or one
    S* y;           // (rows x N)
    std::size_t rows;
    bool shared;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P value = part.load(x + column * rows + k), factor = shared ? P(*a) : part.load(a + k);
            part.store(y + column * rows + k, math::select(value <= P(S(0)), factor * value, value));
        });
    }
};
/// dx += dy for x > 0, else a dy
template <class S>
struct PReLUGradient {
    const S *x, *a, *dy; // (rows x N), (rows) or one, (rows x N)
    S* dx;               // (rows x N)
    std::size_t rows;
    bool shared;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            const P factor = shared ? P(*a) : part.load(a + k), d = part.load(dy + at);
            part.store(dx + at, part.load(dx + at) + math::select(part.load(x + at) <= P(S(0)), factor * d, d));
        });
    }
};
/// p = min(x, 0) dy, and its sum over the column if a is shared
template <class S>
struct PReLUFactorGradient {
    const S *x, *dy; // (rows x N)
    S* p;            // (rows x N) or (1 x N)
    std::size_t rows;
    bool shared;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        P sum(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P value = part.load(x + column * rows + k);
            const P d = math::select(value <= P(S(0)), value * part.load(dy + column * rows + k), P(S(0)));
            if (shared) sum = sum + d;
            else part.store(p + column * rows + k, d);
        });
        if (shared) p[column] = math::sum(sum);
    }
};
}

/// The operation y = x for x > 0, else a x, with a parameter a for each feature or for all.
template <class S>
struct PReLUOperation {
    DynamicSequenceView<const S> x; // (Size x T B)
    DynamicSequenceView<S> y;       // (Size x T B)
    Parameter<S> a;                 // (Size) or (1)
    bool shared;

    std::array<ParameterTensor, 1> parameters() const { return {ParameterTensor{a.offset, factors()}}; }

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(detail::PReLUValue<S>{x.value, a.value, y.value, x.rows, shared}, x.columns());
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths;
            S *products, *active, *sums;
        } room{};
        const std::size_t size = factors() * x.columns();
        room.products = scratch.take(size);
        room.sums = scratch.take_sums(factors());
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            if (x.extent.lengths) room.active = scratch.take(size);
        }
        return room;
    }
    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        if (x.gradient)
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                const std::size_t at = first * x.rows;
                backend.columns(
                    detail::PReLUGradient<S>{x.value + at, a.value, y.gradient + at, x.gradient + at, x.rows, shared},
                    count);
            });
        S* const da = run.gradient(a);
        if (!da) return;
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const ColumnMajorView<S> products{room.products, factors(), x.columns()};
        const auto multiply = [&](std::size_t first, std::size_t count) {
            const std::size_t at = first * x.rows;
            backend.columns(detail::PReLUFactorGradient<S>{x.value + at, y.gradient + at,
                                                           products.data + first * factors(), x.rows, shared},
                            count);
        };
        if constexpr (Run::whole) {
            multiply(0, x.columns());
            backend.add_columns(da, run.active(products, x.extent, run.lengths(x.extent, room.lengths), room.active));
        } else {
            for_each_valid_range(x.extent, multiply);
            run.each_shard(parameters(), x.extent, room.sums,
                           [&](const Extent& part, int from, const std::array<S*, 1>& to) {
                               run.add_columns(to[0], part, from, x.extent, products);
                           });
        }
    }

private:
    std::size_t factors() const { return shared ? 1 : x.rows; }
};

} // namespace rondo
