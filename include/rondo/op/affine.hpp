// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../graph/op_context.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation y = W x + b, or y = W x.
///
/// On the host each range of valid columns is a product of its own: padding may hold NaN, and in a run of one shard a
/// product's bits depend on its number of columns. On a device one launch per range would be too slow: the product
/// includes padding, which is set to zero where it would enter a sum.
template <class S>
struct Affine {
    DynamicSequenceView<const S> x; // (In x T B)
    DynamicSequenceView<S> y;       // (Out x T B)
    Parameter<S> weight, bias;      // (Out x In), (Out); a bias whose value is null: none

    std::array<ParameterTensor, 2> parameters() const {
        return {ParameterTensor{weight.offset, y.rows * x.rows}, {bias.offset, bias.value ? y.rows : 0}};
    }

    template <class Run>
    void forward(Run& run) const {
        if (bias.value) run.backend().fill_columns(y.matrix(), bias.value);
        else run.backend().fill(y.value, y.size(), S(0));
        const auto part = [&](std::size_t first, std::size_t count) {
            run.multiply_add(x.extent, y.matrix(first, count), W(), x.matrix(first, count));
        };
        if constexpr (Run::whole) part(0, x.columns());
        else for_each_valid_range(x.extent, part);
    }
    template <class B>
    void forward_scratch(Scratch<B>& scratch) const {
        scratch.product(y.rows, x.columns(), x.rows);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths;
            S *dy, *x; // without padding, or of one shard
            S* sums;
        } all{};
        if constexpr (Asynchronous<B>) {
            if (x.extent.lengths)
                all = {scratch.take_lengths(x.extent), scratch.take(y.size()), scratch.take(x.size()), nullptr};
        } else if (scratch.shards().count > 1) {
            const std::size_t most = (std::max)(scratch.shard_columns(x.extent), some_columns());
            all.dy = scratch.take(y.rows * most);
            all.x = scratch.take(x.rows * most);
            all.sums = scratch.take_sums(OpContext<B>::total_size(parameters()));
        }
        scratch.product(x.rows, y.rows,
                        scratch.shards().count > 1 ? (std::max)(x.columns(), some_columns()) : x.columns());
        scratch.product(x.rows, x.columns(), y.rows);
        return all;
    }
    template <class Run>
    void backward(Run& run) const {
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        if constexpr (Run::whole) {
            const int* until = run.lengths(x.extent, room.lengths);
            const auto dy = run.active(y.gradients(), x.extent, until, room.dy);
            if (S* const dW = run.gradient(weight))
                add_gradients(run, {dW, run.gradient(bias)}, dy, run.active(x.matrix(), x.extent, until, room.x));
            if (x.gradient) run.multiply_transposed_add(x.extent, x.gradients(), W(), dy);
        } else {
            if (!run.deferred())
                run.each_shard(
                    parameters(), x.extent, room.sums, [&](const Extent& part, int from, const std::array<S*, 2>& to) {
                        const auto dy = run.columns_of(part, from, x.extent, y.gradients(), room.dy),
                                   in = run.columns_of(part, from, x.extent, x.matrix(), room.x);
                        for_each_valid_range(part, [&](std::size_t first, std::size_t count) {
                            add_gradients(run, to, dy.from_column(first, count), in.from_column(first, count));
                        });
                    });
            if (x.gradient)
                for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                    run.multiply_transposed_add(x.extent, x.gradients(first, count), W(), y.gradients(first, count));
                });
        }
    }

    std::size_t kept_size(const Shards&) const { return 0; } // y's gradient and x are values
    /// The columns of a shard go on from one operation to the next.
    template <class Run, class Kept>
    static void add_gradients(Run& run, const Kept& all) {
        auto scratch = run.scratch();
        const Affine& first = all[0];
        const auto room = first.backward_scratch(scratch);
        const std::size_t most = first.some_columns();
        const auto copy = [&](S* to, std::size_t filled, ColumnMajorView<const S> from) {
            run.backend().copy_columns({to + filled * from.rows, from.rows, from.columns}, from);
        };
        const auto add_shard = [&](const Extent& part, int from, const std::array<S*, 2>& to) {
            std::size_t filled = 0;
            const auto flush = [&] {
                first.add_gradients(run, to, {room.dy, first.y.rows, filled}, {room.x, first.x.rows, filled});
                filled = 0;
            };
            for (std::size_t k = 0; k < all.size(); ++k)
                all[k].each_range(from, part.batch, [&](std::size_t n, std::size_t count) {
                    for (std::size_t some = 0; count > 0; n += some, count -= some) {
                        if (filled == most) flush();
                        some = (std::min)(count, most - filled);
                        copy(room.dy, filled, all[k].y.gradients(n, some));
                        copy(room.x, filled, all[k].x.matrix(n, some));
                        filled += some;
                    }
                });
            flush();
        };
        run.each_shard(first.parameters(), first.x.extent, room.sums, add_shard);
    }

private:
    // Columns of several operations in one product.
    std::size_t some_columns() const {
        return std::clamp(65536 / (std::max)(x.rows, y.rows), std::size_t(8), std::size_t(256));
    }
    // The ranges of valid columns of the sequences [from, from + batch).
    template <class F>
    void each_range(int from, int batch, const F& f) const {
        const Extent part = Shards::cut(x.extent, from, batch);
        for (int t = 0; t < part.steps; ++t)
            for_each_valid_range(part, t, [&](int first, int count) {
                f(std::size_t(t) * std::size_t(x.extent.batch) + std::size_t(from + first), std::size_t(count));
            });
    }
    RowMajorView<const S> W() const { return {weight.value, y.rows, x.rows}; }

    template <class Run>
    void add_gradients(Run& run, const std::array<S*, 2>& to,
                       ColumnMajorView<const S> dy,         // (Out x N)
                       ColumnMajorView<const S> in) const { // (In x N)
        run.backend().add_outer({to[0], y.rows, x.rows}, dy, in);
        if (bias.value) run.backend().add_columns(to[1], dy);
    }
};

} // namespace rondo
