// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation y = W x + b, or y = W x.
///
/// On the host each range of valid columns is a product of its own: padding may hold NaN, and a product's bits depend
/// on its number of columns. On a device one launch per range would be too slow: the product includes padding, which is
/// set to zero where it would enter a sum.
template <class S>
struct Affine {
    DynamicSequenceView<const S> x; // (In x T B)
    DynamicSequenceView<S> y;       // (Out x T B)
    Parameter<S> weight, bias;      // (Out x In), (Out); a bias whose value is null: none

    template <class Run>
    void forward(Run& run) const {
        if (bias.value) run.backend().fill_columns(y.matrix(), bias.value);
        else run.backend().fill(y.value, y.size(), S(0));
        const auto part = [&](std::size_t first, std::size_t count) {
            run.backend().multiply_add(y.matrix(first, count), W(), x.matrix(first, count));
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
            S *dy, *x;
        } all{};
        if constexpr (Asynchronous<B>)
            if (x.extent.lengths)
                all = {scratch.take_lengths(x.extent), scratch.take(y.size()), scratch.take(x.size())};
        scratch.product(x.rows, y.rows, x.columns());
        scratch.product(x.rows, x.columns(), y.rows);
        return all;
    }
    template <class Run>
    void backward(Run& run) const {
        if constexpr (Run::whole) {
            auto scratch = run.scratch();
            const auto room = backward_scratch(scratch);
            const int* until = run.lengths(x.extent, room.lengths);
            add_gradients(run, 0, run.active(y.gradients(), x.extent, until, room.dy),
                          run.active(x.matrix(), x.extent, until, room.x));
        } else {
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                add_gradients(run, first, y.gradients(first, count), x.matrix(first, count));
            });
        }
    }

private:
    RowMajorView<const S> W() const { return {weight.value, y.rows, x.rows}; }

    template <class Run>
    void add_gradients(Run& run, std::size_t first,
                       ColumnMajorView<const S> dy,         // (Out x N)
                       ColumnMajorView<const S> in) const { // (In x N)
        auto& backend = run.backend();
        if (S* dW = run.gradient(weight)) {
            backend.add_outer({dW, y.rows, x.rows}, dy, in);
            if (bias.value) backend.add_columns(run.gradient(bias), dy);
        }
        if (x.gradient) backend.multiply_transposed_add(x.gradients(first, dy.columns), W(), dy);
    }
};

} // namespace rondo
