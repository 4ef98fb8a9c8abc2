// SPDX-License-Identifier: MIT
#pragma once

#include "tile.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::eigen {

/// Sums in panels: column j of panel r is the panel's height of numbers at to(r) + j * height.
///
/// They begin as from(r) + j * from_stride tells; add(tile, stride between its panels' left factors, r, j) then adds to
/// those of the tile that begins there.
template <class P, class To, class From, class Add>
void panel_product(std::size_t panels, std::size_t columns, const To& to, const From& from, std::size_t from_stride,
                   const Add& add) {
    constexpr std::size_t height = panel_height<P>;
    const auto run = [&]<int count, int width>(Tile<P, count, width>&& tile, std::size_t r, std::size_t j) {
        tile.each([&](P& sum, int p, int i, int c) __attribute__((always_inline)) {
            sum = P::load(from(r + std::size_t(p)) + (j + std::size_t(c)) * from_stride + i * P::size);
        });
        add(tile, r, j);
        tile.each([&](P& sum, int p, int i, int c) __attribute__((always_inline)) {
            sum.store(to(r + std::size_t(p)) + (j + std::size_t(c)) * height + i * P::size);
        });
    };
    std::size_t r = 0;
    if (columns == 1) // few columns: more rows at once, so that as many sums are on their way
        for (; r + 4 <= panels; r += 4) run(Tile<P, 4, 1>{}, r, 0);
    if (columns == 2)
        for (; r + 2 <= panels; r += 2) run(Tile<P, 2, 2>{}, r, 0);
    for (; r < panels; ++r)
        each_tile(columns, [&]<int width>(std::integral_constant<int, width>, std::size_t j) {
            run(Tile<P, 1, width>{}, r, j);
        });
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

/// The first `count` numbers of a pack, zeros behind them.
template <class P, class S = typename P::scalar>
P load_part(const S* from, std::size_t count) {
    if (count >= std::size_t(P::size)) return P::load(from);
    S all[P::size]{};
    std::copy_n(from, count, all);
    return P::load(all);
}
template <class P, class S = typename P::scalar>
void store_part(S* to, P value, std::size_t count) {
    if (count >= std::size_t(P::size)) return value.store(to);
    S all[P::size];
    value.store(all);
    std::copy_n(all, count, to);
}

} // namespace rondo::eigen
