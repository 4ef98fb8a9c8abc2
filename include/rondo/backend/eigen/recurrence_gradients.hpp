// SPDX-License-Identifier: MIT
#pragma once

#include "recurrence.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The last part of Recurrence's backward: the gradients of the parameters, over the columns of one shard after the
/// other. The sums of a tile of dW or dU stay in registers for up to `depth` columns; where a shard is complete, the
/// sums that the SumTree adds to it are added there, too.
///
///   dW += da x^T;   dU += da h^T, h of the slots before                       (1)
template <class C, class P, bool projected>
struct RecurrenceGradients {
    using Forward = Recurrence<C, P, projected>;
    using S = typename P::scalar;
    using Gates = typename Forward::Gates;
    static constexpr int per_unit = Forward::per_unit;
    static constexpr std::size_t lanes = Forward::lanes, height = Forward::height;
    static constexpr std::size_t features = std::size_t(tile_columns); // rows of x or h in a tile of dW or dU
    static constexpr std::size_t depth = 256;                          // columns of x and h packed at a time for them
    static constexpr std::size_t cached = 294912 / (features * depth * sizeof(S)); // tiles that stay in the L2 cache

    // A recurrence, and the gates' gradients that its backward has computed.
    struct Use {
        const Forward* of;
        S *gradients, *per_unit_sums; // panels over all columns; sums over the columns of each shard
    };
    const typename Forward::BackwardScratch& room;
    const Shards& shards;

    static constexpr std::size_t tiles_of(std::size_t rows) { return (rows + features - 1) / features; }
    // Elements of the sums of dW and dU of one shard.
    static std::size_t sums_size(const Forward& f) {
        return f.product_panels() * height * features * (tiles_of(f.x.rows) + tiles_of(f.rows(0)));
    }
    static Use use(const Forward& f, S* kept) { return {&f, kept, kept + f.gates_size()}; }

    /// Adds the gradients of `count` recurrences with the same parameters; use(k) is one of them. The sums over the
    /// columns of a shard go on from one recurrence to the next.
    template <class Run, class Uses>
    void operator()(Run& run, std::size_t count, const Uses& use) const {
        const Use first = use(0);
        const Forward& f = *first.of;
        const auto tensors = f.tensors();
        const bool shared = run.shared(tensors[0].offset);
        const std::size_t sums = sums_size(f), biases = f.biases_size(), own = f.per_unit_size();
        if (shards.count > 1) std::fill_n(room.biases, shards.size() * biases, S(0));
        for (std::size_t n = 1; n < count; ++n) {
            const Use more = use(n);
            for (std::size_t k = 0; k < shards.size() * own; ++k) first.per_unit_sums[k] += more.per_unit_sums[k];
        }
        SumTree tree;
        std::array<S*, 5> to{};
        for (std::size_t k = 0; k < shards.size(); ++k) {
            const int shard = shards.first + int(k);
            const std::size_t top = shared ? 0 : tree.size(), merged = shared ? 0 : tree.push({shard, 1}, shards.count);
            add_columns(f, k, room.left + top * sums, merged, sums, count, use);
            if (shared) {
                for (std::size_t n = 0; n < to.size(); ++n)
                    if (tensors[n].size > 0) to[n] = run.shard_gradient(tensors[n].offset, shard);
                unpack_all(f, to, room.left, room.biases + k * biases, first.per_unit_sums + k * own);
            } else {
                add_up(room.biases, biases, k, top, merged);
                add_up(first.per_unit_sums, own, k, top, merged);
            }
        }
        if constexpr (projected) { // in a run of one shard
            std::size_t columns = 0;
            for (int t = 0; t < f.extent().steps; ++t) columns += f.active(t);
            run.backend().add_outer(f.projection_of(run.gradient(f.p.projection)),
                                    ColumnMajorView<const S>{room.dh, f.projection, columns},
                                    ColumnMajorView<const S>{f.m, f.hidden, columns});
        }
        for (std::size_t node = 0; node < tree.size(); ++node) {
            for (std::size_t n = 0; n < to.size(); ++n) to[n] = run.gradient({nullptr, tensors[n].offset}, node);
            unpack_all(f, to, room.left + node * sums, room.biases + node * biases, first.per_unit_sums + node * own);
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
        const Forward& f;
        const S* gradients = nullptr; // da of the first one's recurrence
        std::size_t stride = 0;       // of its panels
        S* biases = nullptr;          // sums of da; null: they are computed already
        std::size_t count = 0;
        std::array<std::ptrdiff_t, depth> at{}; // of da in a panel
    };
    // The sums of dW and dU over the columns of the k-th shard, at `sums`; the `merged` sums before it are added.
    template <class Uses>
    void add_columns(const Forward& f, std::size_t k, S* sums, std::size_t merged, std::size_t size, std::size_t count,
                     const Uses& use) const {
        const std::size_t of_x = tiles_of(f.x.rows), of_h = tiles_of(f.rows(0));
        S *const x = room.right, *const h = x + of_x * features * depth;
        S *const x_sums = sums, *const h_sums = sums + f.product_panels() * height * features * of_x;
        Columns columns{f};
        if (shards.count > 1) columns.biases = room.biases + k * f.biases_size();
        OuterSums of{true, 0, size};
        const auto flush = [&] {
            add_outer(columns, {x_sums, x, of_x}, {h_sums, h, of_h}, of);
            of.fresh = false;
            columns.count = 0;
        };
        const int first = room.bounds[k], last = room.bounds[k + 1];
        for (std::size_t n = 0; n < count; ++n) {
            const Use one = use(n);
            const Forward& g = *one.of;
            const std::size_t stride = g.extent().columns() * height;
            if (columns.count > 0 && stride != columns.stride) flush();
            if (columns.count == 0) columns.gradients = one.gradients, columns.stride = stride;
            std::size_t before = 0;
            for (int t = 0; t < g.extent().steps; ++t)
                for_each_valid_range(g.extent(), t, [&](int from, int some) {
                    for (int b = (std::max)(from, first); b < (std::min)(from + some, last); ++b) {
                        if (columns.count == depth) {
                            flush();
                            columns.gradients = one.gradients;
                        }
                        const std::size_t column = g.state_slots.column(t) + std::size_t(b), to = columns.count++;
                        put(x + to * features, g.x.value + column * g.x.rows, g.x.rows);
                        put(h + to * features, g.state[0] + (g.state_slots.before(0) + column) * g.rows(0), g.rows(0));
                        columns.at[to] = one.gradients - columns.gradients +
                                         std::ptrdiff_t((before + std::size_t(b - from)) * height);
                    }
                    before += std::size_t(some);
                });
        }
        of.merged = merged;
        flush();
    }
    static void unpack_all(const Forward& f, const std::array<S*, 5>& to, const S* sums, const S* biases,
                           const S* own) {
        const std::size_t of_x = tiles_of(f.x.rows), of_h = tiles_of(f.rows(0));
        unpack(f, to[0], sums, f.x.rows, of_x, 0);
        unpack(f, to[1], sums + f.product_panels() * height * features * of_x, f.rows(0), of_h, Gates::first_of_h);
        if (f.p.input_bias.value) unpack_biases(f, biases, to[2], to[3]);
        if constexpr (per_unit > 0)
            for (std::size_t block = 0; block < f.blocks(); ++block)
                for (int k = 0; k < per_unit; ++k)
                    for (std::size_t u = 0; u < f.units(block); ++u)
                        to[4][std::size_t(k) * f.hidden + block * lanes + u] +=
                            own[(block * per_unit + std::size_t(k)) * lanes + u];
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
        for (std::size_t p = 0; p < columns.f.panels(); ++p) {
            const std::size_t group = p / Gates::count, k = p % Gates::count, from_h = std::size_t(Gates::first_of_h);
            const bool in_x = k < std::size_t(Gates::of_product), in_h = k >= from_h;
            const bool of_x = in_x && x.tiles > done, of_h = in_h && h.tiles > done;
            if (!of_x && !of_h) continue;
            const bool sums = first && (in_x ? x.tiles > 0 : true);
            const S* const da = columns_of(columns, p, sums);
            const auto add = [&](const Part& part, std::size_t r) {
                add_panel_outer<P>(part.sums + (r * part.tiles + done) * features * height, da,
                                   part.rows + done * features * depth, depth, (std::min)(cached, part.tiles - done),
                                   columns.count, of);
            };
            if (of_x) add(x, group * std::size_t(Gates::of_product) + k);
            if (of_h) add(h, group * std::size_t(Gates::of_product) + k - from_h);
        }
    }
    // The columns of a panel of da one after the other. Columns that are far apart would share the sets of the L1
    // cache, and no hardware foresees the next ones.
    const S* columns_of(const Columns& columns, std::size_t p, bool sums) const {
        const S* const panel = columns.gradients + p * columns.stride;
        if (!columns.biases) return panel + (columns.count > 0 ? columns.at[0] : 0);
        const S* const next = p + 1 < columns.f.panels() ? panel + columns.stride : panel;
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

    static void unpack(const Forward& f, S* to, const S* sums, std::size_t columns, std::size_t tiles, int first) {
        Gates::each_pack(f.hidden, first, Gates::of_product, [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = f.units(unit / lanes);
            if (n > 0)
                add_packed_rows<P>(to + Gates::row(k, unit, f.hidden) * columns, columns,
                                   sums + at / 2 * tiles * features * height + at % 2 * lanes, n, columns);
        });
    }
    static void unpack_biases(const Forward& f, const S* sums, S* input, S* recurrent) {
        Gates::each_pack(f.hidden, 0, Gates::count, [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = f.units(unit / lanes), row = n > 0 ? Gates::row(k, unit, f.hidden) : 0;
            for (std::size_t u = 0; u < n; ++u)
                Gates::each_bias(k, input, recurrent, [&](S* to) { to[row + u] += sums[at * lanes + u]; });
        });
    }
};

} // namespace rondo::eigen
