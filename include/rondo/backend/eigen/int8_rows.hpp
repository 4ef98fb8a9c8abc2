// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/int8.hpp"
#include "int8_vector.hpp"
#include "step_columns.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Some packs of rows of a matrix in int8, and the vector that they are multiplied by: for each row its scale, the sum
/// that it starts from where inputs have an offset, and four weights at a time.
template <int inner, class P, class Dot>
struct Int8Rows {
    using Vector = Int8Vector<inner, P, Dot>;
    static_assert(inner <= (std::numeric_limits<std::int32_t>::max)() / (127 * 128), // 128: the offset of inputs
                  "sums of more would not fit");
    static constexpr int lanes = P::size, fours = (inner + 3) / 4;
    static constexpr std::size_t first_lane(int pack) { return std::size_t(pack) * std::size_t(lanes); }
    static constexpr std::size_t numbers = Dot::offset > 0 ? 2 : 1; // before the weights
    static constexpr std::size_t size(int packs) {                  // bytes
        return first_lane(packs) * 4 * (numbers + std::size_t(fours));
    }

    /// Row i is row(i) of W, or zeros if that is negative.
    ///
    /// Shapes  W (rows x inner), row-major.
    template <class Weights, class Row>
    static std::byte* pack(std::byte* to, const Weights& W, int packs, Row&& row) {
        const int count = packs * lanes;
        float* const scales = reinterpret_cast<float*>(to);
        auto* const starts = reinterpret_cast<std::int32_t*>(scales + count);
        auto* const weights = reinterpret_cast<std::int8_t*>(scales + numbers * std::size_t(count));
        for (int i = 0; i < count; ++i) {
            const int at = row(i);
            const auto element = [&](std::size_t k) { return W[std::size_t(at) * std::size_t(inner) + k]; };
            const float scale = at < 0 ? 0 : int8::scale_of_row(element, std::size_t(inner));
            scales[i] = scale;
            std::int32_t sum = 0;
            for (int k = 0; k < 4 * fours; ++k) {
                const std::int8_t w = at < 0 || k >= inner ? std::int8_t(0) : int8::of(element(std::size_t(k)), scale);
                weights[(k / 4 * count + i) * 4 + k % 4] = w;
                sum += w;
            }
            if constexpr (Dot::offset > 0) starts[i] = -Dot::offset * sum;
        }
        return to + size(packs);
    }

    /// sum[Place::at(i)] += the products of x with pack i of rows.
    template <class Place, int packs>
    [[gnu::always_inline]] static const std::byte* add(P* sum, const std::byte* packed, const Vector& x) {
        const float* const scales = reinterpret_cast<const float*>(packed);
        typename Dot::sums products[packs];
        sums<packs>(products, packed, x);
        const P scale(x.scale());
        unroll<packs>([&](auto i) __attribute__((always_inline)) {
            P& s = sum[Place::at(int(i))];
            s = math::fma(Dot::template numbers<P>(products[i]), P::load(scales + first_lane(i)) * scale, s);
        });
        return packed + size(packs);
    }
    /// The sums of products alone.
    template <int packs>
    [[gnu::always_inline]] static void sums(typename Dot::sums* to, const std::byte* packed, const Vector& x) {
        const auto* const starts = reinterpret_cast<const std::int32_t*>(packed) + first_lane(packs);
        const auto* weights = reinterpret_cast<const std::int8_t*>(packed) + numbers * first_lane(packs) * 4;
        unroll<packs>([&](auto i) __attribute__((always_inline)) {
            if constexpr (Dot::offset > 0) to[i] = Dot::load(starts + first_lane(i));
            else to[i] = Dot::zero();
        });
        const std::int8_t* const values = x.values();
#pragma GCC unroll 2
        for (int k = 0; k < fours; ++k) {
            const auto four = Dot::inputs(values + std::size_t(k) * 4);
            unroll<packs>([&](auto i) __attribute__((always_inline)) {
                to[i] = Dot::add(to[i], weights + first_lane(i) * 4, four);
            });
            weights += first_lane(packs) * 4;
        }
    }
};

/// The same interface for a matrix that stays in float.
template <int inner, class P>
struct FloatRows {
    static constexpr int lanes = P::size;
    using Stored = Storage<P, float>;
    class Vector {
    public:
        template <bool = false>
        void set(const float* x, float) {
            x_ = x;
        }
        const float* values() const { return x_; }
        static float largest(const float*) { return 0; }

    private:
        const float* x_;
    };
    static constexpr std::size_t size(int packs) { return std::size_t(packs * lanes) * sizeof(float) * inner; }
    template <class Weights, class Row>
    static std::byte* pack(std::byte* to, const Weights& W, int packs, Row&& row) {
        return reinterpret_cast<std::byte*>(
            pack_columns<Stored>(reinterpret_cast<float*>(to), W, inner, packs * lanes, row));
    }
    template <class Place, int packs>
    [[gnu::always_inline]] static const std::byte* add(P* sum, const std::byte* packed, const Vector& x) {
        return reinterpret_cast<const std::byte*>(add_columns<Place, Stored, inner, 1, packs, 0, true>(
            sum, reinterpret_cast<const float*>(packed), x.values()));
    }
};

/// The rows of a matrix (rows x inner), by the type that it is stored in.
template <int rows, int inner, class P, class Dot>
using RowsOf = std::conditional_t<int8::stored(rows, inner), Int8Rows<inner, P, Dot>, FloatRows<inner, P>>;

} // namespace rondo::eigen
