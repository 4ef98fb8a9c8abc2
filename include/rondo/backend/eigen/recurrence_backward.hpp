// SPDX-License-Identifier: MIT
#pragma once

#include "recurrence.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The backward of Recurrence: the gates' gradients step by step, then those of x and of the parameters for all steps.
///
///   da(t) from dL/dh(t), dL/dc(t);   dL/dh(t-1) += U^T da(t)                  (1)
///   dx += W^T da;   dW += da x^T;   dU += da h^T, h of the slots before       (2)
///   dm(t) = V^T dL/dh(t);   dV += dL/dh m^T                                   with a projection (3)
template <class C, class P, bool projected>
struct RecurrenceBackward {
    using Forward = Recurrence<C, P, projected>;
    using S = typename P::scalar;
    using Gates = typename Forward::Gates;
    static constexpr int pre = Forward::pre, states = Forward::states;
    static constexpr int kept = Forward::kept, per_unit = Forward::per_unit;
    static constexpr std::size_t lanes = Forward::lanes, height = Forward::height;
    static constexpr std::size_t features = std::size_t(tile_columns); // rows of x or h in a tile of dW or dU
    static constexpr std::size_t depth = 256;                          // columns of x and h packed at a time for them
    static constexpr int first_in_blocks = projected ? 1 : 0;          // component of the state

    const Forward& f;
    const typename Forward::BackwardScratch room;
    const Values<S*, states>& carry = room.carry;
    S* const gradients = room.gradients;
    S *const per_unit_gradient = room.per_unit_gradient, *const bias_gradient = room.bias_gradient;

    std::size_t all() const { return f.extent().columns(); }
    static constexpr std::size_t panels_of(std::size_t rows) { return (rows + height - 1) / height; }
    static constexpr std::size_t tiles_of(std::size_t rows) { return (rows + features - 1) / features; }

    template <class B>
    static typename Forward::BackwardScratch layout(const Forward& f, Scratch<B>& scratch) {
        typename Forward::BackwardScratch room{};
        const std::size_t inner = f.product_panels() * height;
        room.carry[0] = scratch.take(projected ? f.projection * f.batch() : panels_of(f.hidden) * f.batch() * height);
        for (int k = 1; k < states; ++k) room.carry[k] = scratch.take(f.blocks() * f.batch() * lanes);
        room.gradients = scratch.take(f.panels() * f.extent().columns() * height);
        room.per_unit_gradient = scratch.take(f.blocks() * per_unit * lanes);
        room.bias_gradient = scratch.take(f.panels() * height);
        room.peepholes = scratch.take(f.blocks() * per_unit * lanes);
        room.U = scratch.take(panels_of(f.rows(0)) * height * inner);
        room.W = scratch.take(f.x.gradient ? panels_of(f.x.rows) * height * inner : 0);
        room.right = scratch.take((tiles_of(f.x.rows) + tiles_of(f.rows(0))) * features * depth);
        room.left = scratch.take(f.product_panels() * height * features * (tiles_of(f.x.rows) + tiles_of(f.rows(0))));
        if constexpr (projected) {
            room.projection = f.template take_projection<true>(scratch);
            room.dh = scratch.take(f.projection * f.extent().columns());
            room.dm = scratch.take(f.hidden * f.batch());
            scratch.product(f.hidden, f.projection, f.extent().columns());
        }
        return room;
    }
    template <class Run>
    void operator()(Run& run) const {
        start();
        pack_transposed(room.U, f.p.recurrent_weight.value, f.rows(0), Gates::first_of_h);
        if (f.x.gradient) pack_transposed(room.W, f.p.input_weight.value, f.x.rows, 0);
        f.pack_own(room.peepholes);
        std::fill_n(per_unit_gradient, f.blocks() * per_unit * lanes, S(0));
        std::fill_n(bias_gradient, f.panels() * height, S(0));
        back_through_time(run.backend());
        finish_carry();
        if (f.x.gradient) input_gradients(room.W);
        if (run.gradient(f.p.input_weight)) add_gradients(run, room.right, room.left);
    }

private:
    // Of a component in blocks: with a projection not of h, which is (P x B), column-major.
    S* carried(int k, std::size_t block, std::size_t b) const {
        return k == 0 ? carry[0] + (block / 2 * f.batch() + b) * height + block % 2 * lanes
                      : carry[k] + (block * f.batch() + b) * lanes;
    }

    void start() const {
        if constexpr (!projected) std::fill_n(carry[0], panels_of(f.hidden) * f.batch() * height, S(0));
        else if (f.final_gradient[0]) std::copy_n(f.final_gradient[0], f.projection * f.batch(), carry[0]);
        else std::fill_n(carry[0], f.projection * f.batch(), S(0));
        for (int k = first_in_blocks; k < states; ++k)
            for (std::size_t block = 0; block < f.blocks(); ++block)
                if (const std::size_t n = f.units(block); n > 0 || k > 0)
                    for (std::size_t b = 0; b < f.batch(); ++b)
                        (f.final_gradient[k] && n > 0
                             ? PartialPack<P>{n}.load(f.final_gradient[k] + b * f.hidden + block * lanes)
                             : P(S(0)))
                            .store(carried(k, block, b));
    }
    void finish_carry() const {
        if (projected && f.initial_gradient[0])
            for (std::size_t n = 0; n < f.projection * f.batch(); ++n) f.initial_gradient[0][n] += carry[0][n];
        for (int k = first_in_blocks; k < states; ++k)
            if (f.initial_gradient[k])
                for (std::size_t block = 0; block < f.blocks(); ++block)
                    if (const std::size_t n = f.units(block); n > 0)
                        for (std::size_t b = 0; b < f.batch(); ++b) {
                            S* const to = f.initial_gradient[k] + b * f.hidden + block * lanes;
                            PartialPack<P>{n}.store(to, PartialPack<P>{n}.load(to) + P::load(carried(k, block, b)));
                        }
    }

    // Packs w^T for products with da: rows are the features of x or h, columns in the order of da's packs.
    void pack_transposed(S* to, const S* w, std::size_t rows, int first) const {
        const std::size_t inner = f.product_panels() * height;
        for (std::size_t row = 0; row < rows; row += height) {
            const std::size_t count = (std::min)(height, rows - row);
            S* const panel = to + row * inner;
            Gates::each_pack(f.hidden, first, Gates::of_product, [&](int k, std::size_t unit, std::size_t at) {
                const std::size_t n = f.units(unit / lanes);
                for (std::size_t u = 0; u < lanes; ++u) {
                    S* const column = panel + (at * lanes + u) * height;
                    const S* const from = w + (u < n ? Gates::row(k, unit + u, f.hidden) * rows + row : 0);
                    if (u < n && count == height) {
                        P::load(from).store(column);
                        P::load(from + lanes).store(column + lanes);
                    } else {
                        for (std::size_t i = 0; i < height; ++i) column[i] = u < n && i < count ? from[i] : S(0);
                    }
                }
            });
        }
    }

    template <class B>
    void back_through_time(B& backend) const {
        const S *const U = room.U, *const peepholes = room.peepholes;
        const auto V = StepProduct<B, true>::make(backend, f.projection_of(f.p.projection.value), room.projection);
        const int steps = f.extent().steps;
        std::size_t column = 0;
        if (!f.state_slots.reverse)
            for (int t = 0; t < steps; ++t) column += f.active(t);
        for (int k = 0; k < steps; ++k) {
            const int t = f.state_slots.step(steps - 1 - k, steps);
            if (!f.state_slots.reverse) column -= f.active(t);
            std::size_t at = column;
            for_each_valid_range(f.extent(), t, [&](int from, int n) {
                const std::size_t first = std::size_t(from), count = std::size_t(n);
                if constexpr (projected) {
                    const std::size_t rows = f.projection;
                    S *const dh = room.dh + at * rows, *const carried_on = carry[0] + first * rows;
                    const S* const dy = f.output_gradient + (f.state_slots.column(t) + first) * rows;
                    for (std::size_t i = 0; i < rows * count; ++i) dh[i] = dy[i] + carried_on[i];
                    std::fill_n(carried_on, rows * count, S(0));
                    std::fill_n(room.dm, f.hidden * count, S(0));
                    V.add(backend, {room.dm, f.hidden, count}, {dh, rows, count});
                }
                for (std::size_t block = 0; block < f.blocks(); ++block)
                    if (f.units(block) == lanes) run_units<true>(t, block, first, count, at, peepholes);
                    else run_units<false>(t, block, first, count, at, peepholes);
                if constexpr (projected) {
                    add_panel_product<P>(carry[0] + first * f.projection, f.projection, U,
                                         gradients_from(at, Gates::of_h), count);
                } else {
                    S* const to = carry[0] + first * height;
                    panel_product<P>({to, f.batch() * height, to, f.batch() * height, height}, U,
                                     gradients_from(at, Gates::of_h), panels_of(f.hidden), count, t % 2 == 1);
                }
                at += count;
            });
            if (f.state_slots.reverse) column = at;
        }
    }

    // da from `column` on as a right factor, from the panels of W x or of U h.
    PanelRight<S> gradients_from(std::size_t column, PanelPlaces places) const {
        return {gradients + column * height, height, height, f.product_panels(), all() * height, places};
    }

    template <bool whole>
    [[gnu::flatten]] void run_units(int t, std::size_t block, std::size_t first, std::size_t count, std::size_t column,
                                    const S* peepholes) const {
        const std::size_t n = whole ? lanes : f.units(block), h = f.hidden;
        Values<S*, pre> to, sums;
        Forward::packs_of(block, gradients + column * height, all(), to);
        Forward::packs_of(block, bias_gradient, 1, sums);
        if (n == 0) {
            for (std::size_t j = 0; j < count; ++j)
                for (int g = 0; g < pre; ++g) P(S(0)).store(to[g] + j * height);
            return;
        }
        cell::PerUnit<C, P> parameters{}, per_unit_sum{};
        cell::Pre<C, P> sum;
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k) {
                parameters[k] = P::load(peepholes + (block * per_unit + std::size_t(k)) * lanes);
                per_unit_sum[k] = P::load(per_unit_gradient + (block * per_unit + std::size_t(k)) * lanes);
            }
        for (int g = 0; g < pre; ++g) sum[g] = P::load(sums[g]);
        for (std::size_t j = 0; j < count; ++j) {
            const std::size_t b = first + j, old_at = f.state_slots.before(t) + b, now_at = f.state_slots.after(t) + b;
            cell::Saved<C, P> saved{};
            if constexpr (kept > 0)
                for (int k = 0; k < kept; ++k)
                    saved[k] = P::load(f.saved_at(block, column + j) + std::size_t(k) * lanes);
            cell::State<C, P> old, now, gradient;
            if constexpr (projected) {
                old[0] = P(S(0)); // not read
                now[0] = PartialPack<P>{n}.load(f.m_at(column + j) + block * lanes);
            } else {
                old[0] = PartialPack<P>{n}.load(f.state[0] + old_at * h + block * lanes);
                now[0] = PartialPack<P>{n}.load(f.state[0] + now_at * h + block * lanes);
            }
            for (int k = 1; k < states; ++k) {
                old[k] = P::load(f.others(k, block, old_at));
                now[k] = P::load(f.others(k, block, now_at));
            }
            for (int k = first_in_blocks; k < states; ++k) gradient[k] = P::load(carried(k, block, b));
            if constexpr (projected) gradient[0] = PartialPack<P>{n}.load(room.dm + j * h + block * lanes);
            else
                gradient[0] = gradient[0] + PartialPack<P>{n}.load(f.output_gradient +
                                                                   (f.state_slots.column(t) + b) * h + block * lanes);
            const cell::Gradient<C, P> d = C::backward(saved, old, now, parameters, gradient);
            for (int g = 0; g < pre; ++g) {
                // The following products multiply lanes past the last unit by zero: a NaN there would spread.
                const P da = PartialPack<P>{n}.zero_rest(d.pre[g]);
                da.store(to[g] + j * height);
                sum[g] = sum[g] + da;
            }
            for (int k = first_in_blocks; k < states; ++k) d.before[k].store(carried(k, block, b));
            if constexpr (per_unit > 0)
                for (int k = 0; k < per_unit; ++k) per_unit_sum[k] = per_unit_sum[k] + d.per_unit[k];
        }
        for (int g = 0; g < pre; ++g) sum[g].store(sums[g]);
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k)
                per_unit_sum[k].store(per_unit_gradient + (block * per_unit + std::size_t(k)) * lanes);
    }

    void input_gradients(const S* W) const {
        std::size_t column = 0;
        for_each_valid_range(f.extent(), [&](std::size_t first, std::size_t count) {
            add_panel_product<P>(f.x.gradient + first * f.x.rows, f.x.rows, W, gradients_from(column, Gates::of_x),
                                 count);
            column += count;
        });
    }

    template <class Run>
    void add_gradients(Run& run, S* right, S* left) const {
        const std::size_t of_x = tiles_of(f.x.rows), of_h = tiles_of(f.rows(0)), panels = f.product_panels();
        S *const x_sums = left, *const h_sums = left + panels * height * features * of_x;
        std::fill_n(left, panels * height * features * (of_x + of_h), S(0));
        S *const x = right, *const h = right + of_x * features * depth;
        const std::size_t h_rows = f.rows(0);
        std::size_t done = 0, filled = 0;
        const auto flush = [&] {
            add_outer(x_sums, x, of_x, done, filled, Gates::of_x);
            add_outer(h_sums, h, of_h, done, filled, Gates::of_h);
            done += filled;
            filled = 0;
        };
        for_each_valid_range(f.extent(), [&](std::size_t first, std::size_t count) {
            for (std::size_t n = first; n < first + count; ++n) {
                put(x + filled * features, f.x.value + n * f.x.rows, f.x.rows);
                put(h + filled * features, f.state[0] + (f.state_slots.before(0) + n) * h_rows, h_rows);
                if (++filled == depth) flush();
            }
        });
        flush();
        unpack(run.gradient(f.p.input_weight), x_sums, f.x.rows, of_x, 0);
        unpack(run.gradient(f.p.recurrent_weight), h_sums, h_rows, of_h, Gates::first_of_h);
        if constexpr (projected) {
            const std::size_t columns = done;
            run.backend().add_outer(f.projection_of(run.gradient(f.p.projection)),
                                    ColumnMajorView<const S>{room.dh, f.projection, columns},
                                    ColumnMajorView<const S>{f.m, f.hidden, columns});
        }
        if (f.p.input_bias.value) unpack_biases(run.gradient(f.p.input_bias), run.gradient(f.p.recurrent_bias));
        if constexpr (per_unit > 0)
            for (std::size_t block = 0; block < f.blocks(); ++block)
                for (int k = 0; k < per_unit; ++k) {
                    S* const to = run.gradient(f.p.per_unit) + std::size_t(k) * f.hidden + block * lanes;
                    for (std::size_t u = 0; u < f.units(block); ++u)
                        to[u] += per_unit_gradient[(block * per_unit + std::size_t(k)) * lanes + u];
                }
    }

    // Packs a column of x or h into tiles of `features` rows.
    static void put(S* to, const S* from, std::size_t rows) {
        std::size_t k = 0;
        for (; k + features <= rows; k += features, to += features * depth)
            unroll<int(features)>([&](auto i) __attribute__((always_inline)) { to[i] = from[k + std::size_t(i)]; });
        for (std::size_t i = 0; k < rows && i < features; ++i) to[i] = k + i < rows ? from[k + i] : S(0);
    }

    void add_outer(S* sums, const S* right, std::size_t tiles, std::size_t column, std::size_t count,
                   PanelPlaces places) const {
        constexpr std::size_t block = 16; // tiles that stay in L2 while all panels are read
        for (std::size_t done = 0; done < tiles; done += block)
            for (std::size_t r = 0; r < f.product_panels(); ++r)
                add_panel_outer<P>(sums + (r * tiles + done) * features * height,
                                   gradients + (places(r) * all() + column) * height, right + done * features * depth,
                                   depth, (std::min)(block, tiles - done), count);
    }

    void unpack(S* to, const S* sums, std::size_t columns, std::size_t tiles, int first) const {
        Gates::each_pack(f.hidden, first, Gates::of_product, [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = f.units(unit / lanes);
            if (n > 0)
                add_packed_rows<P>(to + Gates::row(k, unit, f.hidden) * columns, columns,
                                   sums + at / 2 * tiles * features * height + at % 2 * lanes, n, columns);
        });
    }
    void unpack_biases(S* input, S* recurrent) const {
        Gates::each_pack(f.hidden, 0, Gates::count, [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = f.units(unit / lanes), row = n > 0 ? Gates::row(k, unit, f.hidden) : 0;
            for (std::size_t u = 0; u < n; ++u)
                Gates::each_bias(k, input, recurrent, [&](S* to) { to[row + u] += bias_gradient[at * lanes + u]; });
        });
    }
};

template <class C, class P, bool projected>
template <class Run>
void Recurrence<C, P, projected>::backward(Run& run) const {
    auto scratch = run.scratch();
    RecurrenceBackward<C, P, projected>{*this, backward_scratch(scratch)}(run);
}
template <class C, class P, bool projected>
template <class B>
auto Recurrence<C, P, projected>::backward_scratch(Scratch<B>& scratch) const -> BackwardScratch {
    return RecurrenceBackward<C, P, projected>::layout(*this, scratch);
}

} // namespace rondo::eigen
