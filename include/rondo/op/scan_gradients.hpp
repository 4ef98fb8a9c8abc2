// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../graph/op_context.hpp"
#include "recurrent_products.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The last part of a scan's backward: the gradients of x and of the parameters, with all steps in one product each.
///
///   dx += W^T da;   dW += da x^T;   dU += da h^T, h (or q) of the slots before                        (1)
///   dV += dh m^T                    with a projection h = V m                                         (2)
template <class C, int H, int P, class S>
struct ScanGradients {
    using Rows = GateRows<C, H, P>;
    static constexpr bool projected = P < H;
    static constexpr std::size_t per_unit_rows = std::size_t(GateLayout<C>::per_unit) * H;

    DynamicSequenceView<const S> x; // (In x T B)
    CellParameters<S> p;
    const S *h, *m;       // (P x T B), of the slots before; (H x T B)
    S* dh;                // (P x T B)
    S *da, *du;           // (gates H x T B): dL/da(t); (split H x T B): gradient of the split gates' U h + c
    S* q;                 // (H x T B)
    S* per_unit_gradient; // (per_unit H x T B)

    static constexpr std::size_t q_rows = Rows::after_reset > 0 ? std::size_t(H) : 0;
    using Tensors = std::array<ParameterTensor, 5>;

    /// Memory for several shards: their sums, and the operands of one of them.
    struct Room {
        S *sums, *x, *h, *da, *du, *q, *per_unit_gradient;
    };
    template <class B>
    static Room room(Scratch<B>& scratch, const DynamicSequenceView<const S>& x, const Tensors& tensors) {
        const auto take = [&](std::size_t rows) { return scratch.take_shard(rows, x.extent); };
        return {scratch.take_sums(OpContext<B>::total_size(tensors)),
                take(x.rows),
                take(P),
                take(Rows::all),
                take(Rows::split),
                take(q_rows),
                take(per_unit_rows)};
    }

    /// For each range of valid columns.
    template <class Run>
    void add(Run& run, const Tensors& tensors, const Room& room) const {
        run.each_shard(tensors, x.extent, room.sums, [&](const Extent& part, int from, const std::array<S*, 5>& to) {
            const auto columns_of = [&](const S* values, std::size_t rows, S* copy) {
                const ColumnMajorView<const S> all{values, rows, x.columns()};
                return rows == 0 ? nullptr : const_cast<S*>(run.columns_of(part, from, x.extent, all, copy).data);
            };
            ScanGradients of_shard = *this; // reads only
            of_shard.x.value = columns_of(x.value, x.rows, room.x);
            of_shard.x.extent = part;
            of_shard.h = columns_of(h, P, room.h);
            of_shard.da = columns_of(da, Rows::all, room.da);
            of_shard.du = columns_of(du, Rows::split, room.du);
            of_shard.q = columns_of(q, q_rows, room.q);
            of_shard.per_unit_gradient = columns_of(per_unit_gradient, per_unit_rows, room.per_unit_gradient);
            for_each_valid_range(part, [&](std::size_t first, std::size_t count) {
                of_shard.add_weights(run, first, count, of_shard.x.matrix(first, count), to);
            });
        });
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) { add_inputs(run, first, count); });
    }
    /// For all columns in one call; requires that the gradients of padding are zero. `until`: lengths in the backend's
    /// memory; `room`: memory of the size of x.
    template <class Run>
    void add_all(Run& run, const int* until, S* room) const {
        add_inputs(run, 0, x.columns());
        if (run.gradient(p.input_weight))
            add_weights(run, 0, x.columns(), run.active(x.matrix(), x.extent, until, room),
                        {run.gradient(p.input_weight), run.gradient(p.recurrent_weight), run.gradient(p.input_bias),
                         run.gradient(p.recurrent_bias), run.gradient(p.per_unit)});
    }
    template <class Run>
    void clear_padding(Run& run, const int* until) const {
        clear_padding(run, da, Rows::all, until);
        clear_padding(run, du, Rows::split, until);
        clear_padding(run, q, Rows::after_reset > 0 ? H : 0, until);
        clear_padding(run, per_unit_gradient, per_unit_rows, until);
        clear_padding(run, dh, projected ? P : 0, until);
    }

private:
    template <class Run>
    void clear_padding(Run& run, S* values, std::size_t height, const int* until) const {
        const ColumnMajorView<S> all{values, height, x.columns()};
        if (until && height > 0) run.backend().copy_active(all, all, until, x.extent.batch);
    }
    template <class Run>
    void add_inputs(Run& run, std::size_t first, std::size_t count) const {
        if (!x.gradient) return;
        run.multiply_transposed_add(x.extent, x.gradients(first, count),
                                    RowMajorView<const S>{p.input_weight.value, Rows::all, x.rows},
                                    {da + first * Rows::all, Rows::all, count});
    }
    template <class Run>
    void add_weights(Run& run, std::size_t first, std::size_t count, ColumnMajorView<const S> in,
                     const std::array<S*, 5>& to) const {
        auto& backend = run.backend();
        const auto columns = [&](S* values, std::size_t height) {
            return ColumnMajorView<const S>{values + first * height, height, count};
        };
        const ColumnMajorView<const S> a = columns(da, Rows::all), before{h + first * P, P, count};
        S *const dW = to[0], *const dU = to[1], *const db = to[2], *const dc = to[3], *const per_unit = to[4];
        backend.add_outer({dW, Rows::all, x.rows}, a, in);
        if (p.input_bias.value) {
            if constexpr (requires { backend.add_columns(db, dc, Rows::merged, a); }) {
                backend.add_columns(db, dc, Rows::merged, a);
            } else {
                backend.add_columns(db, a);
                backend.add_columns(dc, a.from_row(0, Rows::merged));
            }
            if constexpr (Rows::split > 0) backend.add_columns(dc + Rows::merged, columns(du, Rows::split));
        }
        if constexpr (Rows::before_reset > 0)
            backend.add_outer(Rows::before_reset_of(dU), a.from_row(0, Rows::before_reset), before);
        if constexpr (Rows::after_reset > 0)
            backend.add_outer(Rows::after_reset_of(dU), a.from_row(Rows::before_reset, Rows::after_reset),
                              columns(q, H));
        if constexpr (Rows::split > 0) backend.add_outer(Rows::split_of(dU), columns(du, Rows::split), before);
        if constexpr (per_unit_rows > 0) backend.add_columns(per_unit, columns(per_unit_gradient, per_unit_rows));
        if constexpr (projected)
            backend.add_outer(Rows::projection_of(run.gradient(p.projection)), columns(dh, P),
                              ColumnMajorView<const S>{m + first * H, H, count});
    }
};

} // namespace rondo
