// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/extent.hpp"
#include "../../core/function_ref.hpp"
#include "../../core/shards.hpp"
#include "../../core/unroll.hpp"
#include "../../core/view.hpp"
#include "../state_slots.hpp"
#include "gate_panels.hpp"
#include "packed_gates.hpp"
#include "panel_product.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The last part of Recurrence's backward: the gradients of the parameters, over the columns of one shard after the
/// other. The sums of a tile of dW or dU stay in registers for up to `depth` columns; where a shard is complete, the
/// sums that the SumTree adds to it are added there, too. It depends on the cell by numbers only: it is compiled once
/// for all cells.
///
///   dW += da x^T;   dU += da h^T, h of the slots before                       (1)
template <class P>
struct RecurrenceGradients {
    using S = typename P::scalar;
    static constexpr std::size_t lanes = P::size, height = panel_height<P>;
    static constexpr std::size_t features = std::size_t(tile_columns); // rows of x or h in a tile of dW or dU
    static constexpr std::size_t depth = 256;                          // columns of x and h packed at a time for them
    static constexpr std::size_t cached = 294912 / (features * depth * sizeof(S)); // tiles that stay in the L2 cache

    static constexpr std::size_t tiles_of(std::size_t rows) { return (rows + features - 1) / features; }

    // The numbers that recurrences with the same parameters have in common.
    struct Shape {
        GatePanels gates;
        std::size_t hidden, x_rows, h_rows, per_unit;
        bool biases;
        std::array<ParameterTensor, 5> tensors; // of GateLayout::tensors

        std::size_t panels() const { return gates.panels(hidden); }
        // Elements of the sums of one shard: of dW; of dW and dU; of the biases; of the per-unit parameters.
        std::size_t x_sums_size() const { return gates.product_panels(hidden) * height * features * tiles_of(x_rows); }
        std::size_t sums_size() const {
            return x_sums_size() + gates.product_panels(hidden) * height * features * tiles_of(h_rows);
        }
        std::size_t biases_size() const { return panels() * height; }
        std::size_t per_unit_size() const { return gates.blocks(hidden) * per_unit * lanes; }
    };
    // A recurrence, and the gates' gradients that its backward has computed.
    struct Use {
        DynamicSequenceView<const S> x;
        StateSlots state_slots;
        const S* h;                   // of all slots
        S *gradients, *per_unit_sums; // panels over all columns; sums over the columns of each shard
    };
    // Some recurrences with the same parameters: at(0), at(1), ...
    struct Uses {
        std::size_t count;
        FunctionRef<Use(std::size_t)> at;
    };
    struct Memory {
        S* biases;       // sums of da over the columns of each shard
        S *right, *left; // tiles of x and h; sums of dW and dU
        S* columns;      // of a panel of the gates' gradients, of one shard
        int* bounds;     // of the shards' sequences
    };
    const Memory& room;
    const Shards& shards;
    const Shape f;

    /// Adds the gradients of all uses. The sums over the columns of a shard go on from one recurrence to the next.
    template <class Run>
    void operator()(Run& run, const Uses& uses) const {
        const Use first = uses.at(0);
        const auto& tensors = f.tensors;
        const bool shared = run.shared(tensors[0].offset);
        const std::size_t sums = f.sums_size(), biases = f.biases_size(), own = f.per_unit_size();
        if (shards.count > 1) std::fill_n(room.biases, shards.size() * biases, S(0));
        for (std::size_t n = 1; n < uses.count; ++n) {
            const Use more = uses.at(n);
            for (std::size_t k = 0; k < shards.size() * own; ++k) first.per_unit_sums[k] += more.per_unit_sums[k];
        }
        SumTree tree;
        std::array<S*, 5> to{};
        for (std::size_t k = 0; k < shards.size(); ++k) {
            const int shard = shards.first + int(k);
            const std::size_t top = shared ? 0 : tree.size(), merged = shared ? 0 : tree.push({shard, 1}, shards.count);
            add_columns(k, room.left + top * sums, merged, uses);
            if (shared) {
                for (std::size_t n = 0; n < to.size(); ++n)
                    if (tensors[n].size > 0) to[n] = run.shard_gradient(tensors[n].offset, shard);
                add_all(to, room.left, room.biases + k * biases, first.per_unit_sums + k * own);
            } else {
                add_up(room.biases, biases, k, top, merged);
                add_up(first.per_unit_sums, own, k, top, merged);
            }
        }
        for (std::size_t node = 0; node < tree.size(); ++node) {
            for (std::size_t n = 0; n < to.size(); ++n) to[n] = run.gradient({nullptr, tensors[n].offset}, node);
            add_all(to, room.left + node * sums, room.biases + node * biases, first.per_unit_sums + node * own);
        }
    }

private:
    // Moves the k-th of several sums to `top`, and adds it to those before.
    static void add_up(S* sums, std::size_t size, std::size_t k, std::size_t top, std::size_t merged) {
        if (k != top) std::copy_n(sums + k * size, size, sums + top * size);
        for (S* last = sums + top * size; merged > 0; --merged, last -= size) {
            S* const left = last - size;
            for (std::size_t n = 0; n < size; ++n) left[n] += last[n];
        }
    }

    // The columns of x, h and da whose products are added next.
    struct Columns {
        const S* gradients = nullptr; // da of the first one's recurrence
        std::size_t stride = 0;       // of its panels
        S* biases = nullptr;          // sums of da; null: they are computed already
        std::size_t count = 0;
        std::array<std::ptrdiff_t, depth> at{}; // of da in a panel
    };
    // The sums of dW and dU over the columns of the k-th shard, at `sums`; the `merged` sums before it are added.
    void add_columns(std::size_t k, S* sums, std::size_t merged, const Uses& uses) const {
        const std::size_t of_x = tiles_of(f.x_rows), of_h = tiles_of(f.h_rows);
        S *const x = room.right, *const h = x + of_x * features * depth;
        S *const x_sums = sums, *const h_sums = sums + f.x_sums_size();
        Columns columns;
        if (shards.count > 1) columns.biases = room.biases + k * f.biases_size();
        OuterSums of{true, 0, f.sums_size()};
        const auto flush = [&] {
            add_outer(columns, {x_sums, x, of_x}, {h_sums, h, of_h}, of);
            of.fresh = false;
            columns.count = 0;
        };
        const int first = room.bounds[k], last = room.bounds[k + 1];
        for (std::size_t n = 0; n < uses.count; ++n) {
            const Use one = uses.at(n);
            const Extent& extent = one.x.extent;
            const std::size_t stride = extent.columns() * height;
            if (columns.count > 0 && stride != columns.stride) flush();
            if (columns.count == 0) columns.gradients = one.gradients, columns.stride = stride;
            std::size_t before = 0;
            for (int t = 0; t < extent.steps; ++t)
                for_each_valid_range(extent, t, [&](int from, int some) {
                    for (int b = (std::max)(from, first); b < (std::min)(from + some, last); ++b) {
                        if (columns.count == depth) {
                            flush();
                            columns.gradients = one.gradients;
                        }
                        const std::size_t column = one.state_slots.column(t) + std::size_t(b), to = columns.count++;
                        put(x + to * features, one.x.value + column * f.x_rows, f.x_rows);
                        put(h + to * features, one.h + (one.state_slots.before(0) + column) * f.h_rows, f.h_rows);
                        columns.at[to] = one.gradients - columns.gradients +
                                         std::ptrdiff_t((before + std::size_t(b - from)) * height);
                    }
                    before += std::size_t(some);
                });
        }
        of.merged = merged;
        flush();
    }
    void add_all(const std::array<S*, 5>& to, const S* sums, const S* biases, const S* own) const {
        const PackedGates<P> packed{f.gates, f.hidden};
        packed.add_weights(to[0], sums, f.x_rows, tiles_of(f.x_rows), features, 0);
        packed.add_weights(to[1], sums + f.x_sums_size(), f.h_rows, tiles_of(f.h_rows), features, f.gates.first_of_h());
        if (f.biases) packed.add_biases(to[2], to[3], biases);
        if (f.per_unit > 0) packed.add_per_unit(to[4], own, f.per_unit);
    }

    // Packs a column of x or h into tiles of `features` rows.
    static void put(S* to, const S* from, std::size_t rows) {
        std::size_t k = 0;
        for (; k + features <= rows; k += features, to += features * depth)
            unroll<int(features)>([&](auto i) __attribute__((always_inline)) { to[i] = from[k + std::size_t(i)]; });
        for (std::size_t i = 0; k < rows && i < features; ++i) to[i] = k + i < rows ? from[k + i] : S(0);
    }

    // The tiles of dW or of dU: their sums, panel by panel, and the rows of x or h.
    struct Part {
        S* sums;
        const S* rows;
        std::size_t tiles;
    };
    void add_outer(const Columns& columns, const Part& x, const Part& h, const OuterSums& of) const {
        if (x.tiles + h.tiles <= cached) { // with the same panels of da
            add_outer(columns, x, h, 0, true, of);
        } else {
            for (std::size_t done = 0; done < x.tiles; done += cached) add_outer(columns, x, {}, done, done == 0, of);
            for (std::size_t done = 0; done < h.tiles; done += cached) add_outer(columns, {}, h, done, done == 0, of);
        }
    }
    void add_outer(const Columns& columns, const Part& x, const Part& h, std::size_t done, bool first,
                   const OuterSums& of) const {
        const auto count = std::size_t(f.gates.count()), of_product = std::size_t(f.gates.of_product()),
                   from_h = std::size_t(f.gates.first_of_h());
        for (std::size_t p = 0; p < f.panels(); ++p) {
            const std::size_t group = p / count, k = p % count;
            const bool in_x = k < of_product, in_h = k >= from_h;
            const bool of_x = in_x && x.tiles > done, of_h = in_h && h.tiles > done;
            if (!of_x && !of_h) continue;
            const bool sums = first && (in_x ? x.tiles > 0 : true);
            const S* const da = columns_of(columns, p, sums);
            const auto add = [&](const Part& part, std::size_t r) {
                add_panel_outer<P>(part.sums + (r * part.tiles + done) * features * height, da,
                                   part.rows + done * features * depth, depth, (std::min)(cached, part.tiles - done),
                                   columns.count, of);
            };
            if (of_x) add(x, group * of_product + k);
            if (of_h) add(h, group * of_product + k - from_h);
        }
    }
    // The columns of a panel of da one after the other. Columns that are far apart would share the sets of the L1
    // cache, and no hardware foresees the next ones.
    const S* columns_of(const Columns& columns, std::size_t p, bool sums) const {
        const S* const panel = columns.gradients + p * columns.stride;
        if (!columns.biases) return panel + (columns.count > 0 ? columns.at[0] : 0);
        const S* const next = p + 1 < f.panels() ? panel + columns.stride : panel;
        S *const to = room.columns, *const bias = columns.biases + p * height;
        P low = P::load(bias), high = P::load(bias + lanes);
        for (std::size_t k = 0; k < columns.count; ++k) {
            __builtin_prefetch(next + columns.at[k], 0, 2);
            const P first = P::load(panel + columns.at[k]), second = P::load(panel + columns.at[k] + lanes);
            first.store(to + k * height);
            second.store(to + k * height + lanes);
            low = low + first;
            high = high + second;
        }
        if (sums) {
            low.store(bias);
            high.store(bias + lanes);
        }
        return to;
    }
};

} // namespace rondo::eigen
