// SPDX-License-Identifier: MIT
#pragma once

#include "product.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The index of the r-th panel of a product among all panels: it uses `of` of every `count` panels, from `first` on.
struct PanelPlaces {
    std::size_t of = 1, count = 1, first = 0;
    std::size_t operator()(std::size_t r) const { return r / of * count + r % of + first; }
};

/// The right factor of a product (parts * inner x N), its inner dimension in parts: element (k, j) of part s is
/// data[places(s) * stride + j * by_column + k].
template <class S>
struct PanelRight {
    const S* data;
    std::size_t by_column, inner, parts = 1, stride = 0;
    PanelPlaces places{};
};

/// The result of a product, in panels: column j of panel r is at to + places(r) * stride + j * height. Sums start from
/// the values at from + places(r) * from_stride + j * from_column.
template <class S>
struct PanelSums {
    S* to;
    std::size_t stride;
    const S* from;
    std::size_t from_stride, from_column;
    PanelPlaces places{};
};

template <class T, class S>
[[gnu::always_inline]] inline void add_right(T& tile, const S* left, const PanelRight<S>& right, std::size_t r,
                                             std::size_t j) {
    constexpr std::size_t height = T::height;
    const std::size_t part = right.inner * height, panel = right.parts * part;
    const S* a = left + r * panel;
    const S* b = right.data + right.places.first * right.stride + j * right.by_column;
    // Nested loops instead of places(s), whose divisions would be slow.
    for (std::size_t s = 0; s < right.parts; s += right.places.of, b += right.places.count * right.stride)
        for (std::size_t k = 0; k < right.places.of; ++k, a += part)
            tile.add(a, panel, b + k * right.stride, right.by_column, right.inner);
}

/// The number of columns of a right factor (inner x columns) that stay in L2 while all panels are read; a multiple of
/// the tile.
inline std::size_t columns_at_once(std::size_t inner, std::size_t columns) {
    constexpr std::size_t room = 32768, tile = std::size_t(tile_columns), most = 96;
    if (inner * columns <= 2 * room) return std::max<std::size_t>(columns, 1);
    return std::clamp<std::size_t>(room / inner / tile * tile, tile, most);
}

/// sums += left right for `count` panels from the r-th on and `width` columns from the j-th on.
template <class P, int count, int width, class S>
[[gnu::always_inline]] inline void add_tile(const PanelSums<S>& sums, const S* left, const PanelRight<S>& right,
                                            std::size_t r, std::size_t j) {
    constexpr std::size_t height = panel_height<P>;
    const std::size_t from_column = sums.from_column;
    const S* from[count];
    S* to[count];
    for (int p = 0; p < count; ++p) {
        const std::size_t place = sums.places(r + std::size_t(p));
        from[p] = sums.from + place * sums.from_stride + j * from_column;
        to[p] = sums.to + place * sums.stride + j * height;
    }
    Tile<P, count, width> tile;
    tile.each([&](P& sum, int p, int i, int c) __attribute__((always_inline)) {
        sum = P::load(from[p] + std::size_t(c) * from_column + i * P::size);
    });
    add_right(tile, left, right, r, j);
    tile.each([&](P& sum, int p, int i, int c)
                  __attribute__((always_inline)) { sum.store(to[p] + std::size_t(c) * height + i * P::size); });
}

/// The same for one panel and whole tiles of columns. Inlined, the strides of the columns would not stay in registers.
template <class P, class S>
[[gnu::noinline]] void add_whole_tiles(const PanelSums<S>& sums, const S* left, const PanelRight<S>& right,
                                       std::size_t r, std::size_t first, std::size_t end) {
    for (std::size_t j = first; j < end; j += std::size_t(tile_columns))
        add_tile<P, 1, tile_columns>(sums, left, right, r, j);
}

/// sums += left right.
///
/// `back` reads the panels in reverse. A caller that alternates reads them in serpentine order, which reuses what the
/// cache still holds of a left factor larger than it. It does not change the bits.
template <class P, class S = typename P::scalar>
void panel_product(const PanelSums<S>& sums,   // (panels * height x columns), in panels
                   const S* left,              // (panels * height x K), packed
                   const PanelRight<S>& right, // (K x columns)
                   std::size_t panels, std::size_t columns, bool back = false) {
    constexpr std::size_t width = std::size_t(tile_columns);
    const auto each_group = [&](std::size_t most, auto&& f) { // of up to `most` panels
        const EvenParts groups{panels, most};
        for (std::size_t k = 0; k < groups.count; ++k) {
            const std::size_t g = back ? groups.count - 1 - k : k;
            f(groups.first(g), groups.size(g));
        }
    };
    // Few columns take several panels at once, so that enough independent sums hide the latency of FMA: one or two, and
    // the last ones of more, if they fill half a tile at most. The tiles of others have more than half of the columns.
    if (columns == 1)
        return each_group(width, [&](std::size_t r, std::size_t count) {
            with_constant<tile_columns>(count, [&](auto n) { add_tile<P, n, 1>(sums, left, right, r, 0); });
        });
    if (columns == 2)
        return each_group(width / 2, [&](std::size_t r, std::size_t count) {
            with_constant<tile_columns / 2>(count, [&](auto n) { add_tile<P, n, 2>(sums, left, right, r, 0); });
        });
    const auto add =
        [&]<int n, int m>(std::integral_constant<int, n>, std::integral_constant<int, m>, std::size_t r, std::size_t j)
            __attribute__((noinline)) { add_tile<P, n, m>(sums, left, right, r, j); };
    constexpr std::integral_constant<int, 1> one;
    const std::size_t rest = columns % width, last = rest <= width / 2 ? rest : 0, full = columns - last;
    const std::size_t at_once = last == 0 ? 1 : last == 1 ? width / 2 : width / last;
    const std::size_t block = columns_at_once(right.parts * right.inner, columns);
    std::size_t done = 0;
    do {
        const std::size_t end = (std::min)(done + block, full);
        each_group(at_once, [&](std::size_t r, std::size_t count) {
            for (std::size_t p = r; p < r + count; ++p)
                if (rest == last) add_whole_tiles<P>(sums, left, right, p, done, end);
                else
                    each_tile(end - done, [&](auto n, std::size_t j) {
                        if constexpr (n > tile_columns / 2) add(one, n, p, done + j);
                    });
            if (end == full)
                with_constant<tile_columns / 2>(last, [&](auto n) {
                    with_constant<tile_columns / (std::max)(int(n), 2)>(count,
                                                                        [&](auto group) { add(group, n, r, full); });
                });
        });
        done += block;
    } while (done < full);
}

/// c += left right
template <class P, class S = typename P::scalar>
void add_panel_product(S* c, std::size_t rows, // (rows x columns), column-major
                       const S* left,          // (rows x K), packed
                       PanelRight<S> right,    // (K x columns)
                       std::size_t columns) {
    const std::size_t block = columns_at_once(right.parts * right.inner, columns);
    for (std::size_t done = 0; done < columns; done += block)
        for (std::size_t r = 0; r * panel_height<P> < rows; ++r)
            each_tile((std::min)(block, columns - done),
                      [&]<int width>(std::integral_constant<int, width>, std::size_t j) {
                          Tile<P, 1, width> tile;
                          tile.clear();
                          add_right(tile, left, right, r, done + j);
                          add_sums(c + (done + j) * rows + r * panel_height<P>, rows, tile, rows - r * panel_height<P>);
                      });
}

/// Where add_panel_outer begins and what it adds at its end: `fresh`: from zero, not from what is in memory; `merged`:
/// the sums at `level` elements before are added, those before these, and so on; the result is stored at the first.
struct OuterSums {
    bool fresh = true;
    std::size_t merged = 0, level = 0;
};

/// sums += a b^T for one panel. b is in `tiles` of tile_columns rows, each with a capacity of `room` columns.
template <class P, class S = typename P::scalar>
void add_panel_outer(S* sums,    // (height x tiles * tile_columns), column-major
                     const S* a, // (height x columns), column-major
                     const S* b, // (tiles * tile_columns x columns)
                     std::size_t room, std::size_t tiles, std::size_t columns, const OuterSums& of) {
    constexpr std::size_t rows = std::size_t(tile_columns), height = panel_height<P>;
    for (std::size_t j = 0; j < tiles; ++j, sums += rows * height, b += rows * room) {
        Tile<P, 1, tile_columns> tile;
        const auto each = [&](S* to, const auto& f) __attribute__((always_inline)) {
            tile.each([&](P& sum, int, int i, int c)
                          __attribute__((always_inline)) { f(sum, to + std::size_t(c) * height + i * P::size); });
        };
        if (of.fresh) tile.clear();
        else each(sums, [](P& sum, const S* from) __attribute__((always_inline)) { sum = P::load(from); });
        tile.add_rows(a, 0, b, rows, columns);
        S* to = sums;
        for (std::size_t k = 0; k < of.merged; ++k) {
            to -= of.level;
            each(to, [](P& sum, const S* left) __attribute__((always_inline)) { sum = P::load(left) + sum; });
        }
        each(to, [](P& sum, S* result) __attribute__((always_inline)) { sum.store(result); });
    }
}

/// Transposes a square of packs in place.
template <class P>
void transpose(P (&lines)[P::size]) {
    Eigen::internal::PacketBlock<typename P::raw, P::size> block;
    for (int k = 0; k < P::size; ++k) block.packet[k] = lines[k].v;
    Eigen::internal::ptranspose(block);
    for (int k = 0; k < P::size; ++k) lines[k].v = block.packet[k];
}

/// Packs rows into one pack of a panel; missing rows are zero.
template <class P, class S = typename P::scalar>
void pack_rows(S* to,                             // (lanes x columns), column stride `height`
               const S* from, std::size_t stride, // (units x columns), row-major
               std::size_t units, std::size_t columns) {
    constexpr std::size_t lanes = P::size, height = panel_height<P>;
    if (columns < lanes) {
        for (std::size_t k = 0; k < columns; ++k)
            for (std::size_t u = 0; u < lanes; ++u) to[k * height + u] = u < units ? from[u * stride + k] : S(0);
        return;
    }
    for (std::size_t done = 0; done < columns; done += lanes) {
        const std::size_t k = (std::min)(done, columns - lanes); // the last square may overlap the one before
        P lines[lanes];
        for (std::size_t u = 0; u < lanes; ++u) lines[u] = u < units ? P::load(from + u * stride + k) : P(S(0));
        transpose(lines);
        for (std::size_t u = 0; u < lanes; ++u) lines[u].store(to + (k + u) * height);
    }
}

/// Adds one pack of a panel to rows: the inverse of pack_rows.
template <class P, class S = typename P::scalar>
void add_packed_rows(S* to, std::size_t stride, const S* from, std::size_t units, std::size_t columns) {
    constexpr std::size_t lanes = P::size, height = panel_height<P>;
    std::size_t k = 0;
    for (; k + lanes <= columns; k += lanes) {
        P lines[lanes];
        for (std::size_t u = 0; u < lanes; ++u) lines[u] = P::load(from + (k + u) * height);
        transpose(lines);
        for (std::size_t u = 0; u < (std::min)(units, lanes); ++u) {
            S* at = to + u * stride + k;
            (P::load(at) + lines[u]).store(at);
        }
    }
    for (; k < columns; ++k)
        for (std::size_t u = 0; u < units; ++u) to[u * stride + k] += from[k * height + u];
}

} // namespace rondo::eigen
