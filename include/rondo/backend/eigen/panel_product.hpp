// SPDX-License-Identifier: MIT
#pragma once

#include "product.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Which of all panels the r-th of a product is: the first `of` of each `count`, from `first` on.
struct PanelPlaces {
    std::size_t of = 1, count = 1, first = 0;
    std::size_t operator()(std::size_t r) const { return r / of * count + r % of + first; }
};

/// The right factor of a product, in parts of `inner` numbers a column: number k of column j of part s is
/// data[places(s) * stride + j * by_column + k].
template <class S>
struct PanelRight {
    const S* data;
    std::size_t by_column, inner, parts = 1, stride = 0;
    PanelPlaces places{};
};

/// What is read and written by a product whose sums lie in panels: column j of panel r is the panel's height of numbers
/// at to + places(r) * stride + j * height. They begin as what `from` has there, of the same panel, a panel
/// from_stride and a column from_column after the other.
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
    // Groups of places: a division would take as long as some of the product.
    for (std::size_t s = 0; s < right.parts; s += right.places.of, b += right.places.count * right.stride)
        for (std::size_t k = 0; k < right.places.of; ++k, a += part)
            tile.add(a, panel, b + k * right.stride, right.by_column, right.inner);
}

/// Columns of a right factor, of `inner` numbers each, that stay in the second cache while all panels pass: whole
/// tiles.
inline std::size_t columns_at_once(std::size_t inner, std::size_t columns) {
    constexpr std::size_t room = 32768, tile = std::size_t(tile_columns), most = 96;
    if (inner * columns <= 2 * room) return std::max<std::size_t>(columns, 1);
    return std::clamp<std::size_t>(room / inner / tile * tile, tile, most);
}

/// sums += left right, `left` in panels; from the last panel to the first if `back` says so, which changes no bit: what
/// no cache holds as a whole is best read to and fro.
template <class P, class S = typename P::scalar>
void panel_product(const PanelSums<S>& sums, const S* left, const PanelRight<S>& right, std::size_t panels,
                   std::size_t columns, bool back = false) {
    constexpr std::size_t height = panel_height<P>;
    const auto run = [&]<int count, int width>(Tile<P, count, width>&& tile, const std::size_t (&place)[count],
                                               std::size_t r, std::size_t j) {
        const std::size_t from_column = sums.from_column;
        const S* from[count];
        S* to[count];
        for (int p = 0; p < count; ++p) {
            from[p] = sums.from + place[p] * sums.from_stride + j * from_column;
            to[p] = sums.to + place[p] * sums.stride + j * height;
        }
        tile.each([&](P& sum, int p, int i, int c) __attribute__((always_inline)) {
            sum = P::load(from[p] + std::size_t(c) * from_column + i * P::size);
        });
        add_right(tile, left, right, r, j);
        tile.each([&](P& sum, int p, int i, int c) __attribute__((always_inline)) {
            sum.store(to[p] + std::size_t(c) * height + i * P::size);
        });
    };
    // Few columns: more rows at once, so that as many sums are on their way.
    const std::size_t at_once = columns == 1 ? 4 : columns == 2 ? 2 : 1, groups = panels / at_once,
                      all = groups + panels % at_once, some = columns_at_once(right.parts * right.inner, columns);
    for (std::size_t done = 0; done < columns; done += some)
        for (std::size_t k = 0; k < all; ++k) {
            const std::size_t g = back ? all - 1 - k : k;
            if (g < groups && at_once == 4) {
                const std::size_t r = 4 * g;
                run(Tile<P, 4, 1>{}, {sums.places(r), sums.places(r + 1), sums.places(r + 2), sums.places(r + 3)}, r,
                    0);
            } else if (g < groups && at_once == 2) {
                run(Tile<P, 2, 2>{}, {sums.places(2 * g), sums.places(2 * g + 1)}, 2 * g, 0);
            } else {
                const std::size_t r = g < groups ? g : groups * at_once + g - groups, place[1]{sums.places(r)};
                each_tile((std::min)(some, columns - done),
                          [&]<int width>(std::integral_constant<int, width>, std::size_t j) {
                              run(Tile<P, 1, width>{}, place, r, done + j);
                          });
            }
        }
}

/// c += left right, c (rows x columns) column-major.
template <class P, class S = typename P::scalar>
void add_panel_product(S* c, std::size_t rows, const S* left, PanelRight<S> right, std::size_t columns) {
    const std::size_t some = columns_at_once(right.parts * right.inner, columns);
    for (std::size_t done = 0; done < columns; done += some)
        for (std::size_t r = 0; r * panel_height<P> < rows; ++r)
            each_tile((std::min)(some, columns - done),
                      [&]<int width>(std::integral_constant<int, width>, std::size_t j) {
                          Tile<P, 1, width> tile;
                          tile.clear();
                          add_right(tile, left, right, r, done + j);
                          add_sums(c + (done + j) * rows + r * panel_height<P>, rows, tile, rows - r * panel_height<P>);
                      });
}

/// sums += a b^T of one panel: a (height x columns), b in `tiles` of tile_columns rows, each with room for `room`
/// columns; the sums of a tile's rows lie one after the other, as columns of a panel.
template <class P, class S = typename P::scalar>
void add_panel_outer(S* sums, const S* a, const S* b, std::size_t room, std::size_t tiles, std::size_t columns) {
    constexpr std::size_t rows = std::size_t(tile_columns), height = panel_height<P>;
    for (std::size_t j = 0; j < tiles; ++j, sums += rows * height, b += rows * room) {
        Tile<P, 1, tile_columns> tile;
        tile.each([&](P& sum, int, int i, int c) __attribute__((always_inline)) {
            sum = P::load(sums + std::size_t(c) * height + i * P::size);
        });
        tile.add_rows(a, 0, b, rows, columns);
        tile.each([&](P& sum, int, int i, int c) __attribute__((always_inline)) {
            sum.store(sums + std::size_t(c) * height + i * P::size);
        });
    }
}

/// Turns a square of numbers: line k of what is read becomes lane k of what is written.
template <class P>
void transpose(P (&lines)[P::size]) {
    Eigen::internal::PacketBlock<typename P::raw, P::size> block;
    for (int k = 0; k < P::size; ++k) block.packet[k] = lines[k].v;
    Eigen::internal::ptranspose(block);
    for (int k = 0; k < P::size; ++k) lines[k].v = block.packet[k];
}

/// Copies `units` rows (row-major, `stride` apart, of `columns` numbers) into one pack's place of a panel.
template <class P, class S = typename P::scalar>
void pack_rows(S* to, const S* from, std::size_t stride, std::size_t units, std::size_t columns) {
    constexpr std::size_t lanes = P::size, height = panel_height<P>;
    std::size_t k = 0;
    if (units == lanes)
        for (; k + lanes <= columns; k += lanes) {
            P lines[lanes];
            for (std::size_t u = 0; u < lanes; ++u) lines[u] = P::load(from + u * stride + k);
            transpose(lines);
            for (std::size_t u = 0; u < lanes; ++u) lines[u].store(to + (k + u) * height);
        }
    for (; k < columns; ++k)
        for (std::size_t u = 0; u < lanes; ++u) to[k * height + u] = u < units ? from[u * stride + k] : S(0);
}

/// The reverse, added.
template <class P, class S = typename P::scalar>
void add_packed_rows(S* to, std::size_t stride, const S* from, std::size_t units, std::size_t columns) {
    constexpr std::size_t lanes = P::size, height = panel_height<P>;
    std::size_t k = 0;
    if (units == lanes)
        for (; k + lanes <= columns; k += lanes) {
            P lines[lanes];
            for (std::size_t u = 0; u < lanes; ++u) lines[u] = P::load(from + (k + u) * height);
            transpose(lines);
            for (std::size_t u = 0; u < lanes; ++u) {
                S* at = to + u * stride + k;
                (P::load(at) + lines[u]).store(at);
            }
        }
    for (; k < columns; ++k)
        for (std::size_t u = 0; u < units; ++u) to[u * stride + k] += from[k * height + u];
}

} // namespace rondo::eigen
