// SPDX-License-Identifier: MIT
// Products against sums in double, over many shapes; they write nothing but their result and the room they asked for.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/core/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <ostream>
#include <vector>

namespace product_test {

using rondo::ColumnMajorView;
using rondo::EigenBackend;
using rondo::RowMajorView;

template <class S>
std::vector<S> numbers(std::size_t n, std::uint64_t seed) {
    std::vector<S> all(n);
    const rondo::RandomStream draw{rondo::Seed{seed}, rondo::Purpose::user};
    for (std::size_t k = 0; k < n; ++k) all[k] = S(2 * rondo::uniform(draw(k)) - 1);
    return all;
}

/// Numbers and where they are, with others between them.
template <class S>
struct Factor {
    std::vector<S> value;
    std::size_t by_row, by_column;

    double at(std::size_t row, std::size_t column) const { return double(value[row * by_row + column * by_column]); }
    static Factor columns(std::size_t rows, std::size_t columns, std::size_t gap, std::uint64_t seed) {
        return {numbers<S>((rows + gap) * columns, seed), 1, rows + gap};
    }
    static Factor rows(std::size_t rows, std::size_t columns, std::uint64_t seed) {
        return {numbers<S>(columns * rows, seed), columns, 1};
    }
    Factor transposed() const { return {value, by_column, by_row}; }
    ColumnMajorView<S> matrix(std::size_t rows, std::size_t columns) {
        return {value.data(), rows, columns, by_column};
    }
    ColumnMajorView<const S> matrix(std::size_t rows, std::size_t columns) const {
        return {value.data(), rows, columns, by_column};
    }
    RowMajorView<const S> weights(std::size_t rows, std::size_t columns) const { return {value.data(), rows, columns}; }
};

struct Shape {
    std::size_t rows, columns, inner;
};
std::ostream& operator<<(std::ostream& out, const Shape& s) {
    return out << s.rows << " x " << s.columns << ", inner " << s.inner;
}

/// How far c is from c0 + a b, in units of what rounding may do; infinite where something else was written.
template <class S>
double error(const Factor<S>& c, const Factor<S>& c0, const Factor<S>& a, const Factor<S>& b, const Shape& s) {
    std::vector<bool> written(c.value.size());
    double worst = 0;
    for (std::size_t i = 0; i < s.rows; ++i)
        for (std::size_t j = 0; j < s.columns; ++j) {
            double sum = c0.at(i, j), size = std::abs(sum);
            for (std::size_t k = 0; k < s.inner; ++k) {
                sum += a.at(i, k) * b.at(k, j);
                size += std::abs(a.at(i, k) * b.at(k, j));
            }
            written[i * c.by_row + j * c.by_column] = true;
            const double bound = double(std::numeric_limits<S>::epsilon()) * (double(s.inner) + 2) * size + 1e-300;
            worst = std::max(worst, std::abs(c.at(i, j) - sum) / bound);
        }
    for (std::size_t k = 0; k < written.size(); ++k)
        if (!written[k] && std::memcmp(&c.value[k], &c0.value[k], sizeof(S)) != 0) return HUGE_VAL;
    return worst;
}

/// The corners of every loop there is, sizes at random between them, and sums longer than a packed part.
std::vector<Shape> shapes() {
    std::vector<Shape> all;
    for (std::size_t rows : {1u, 15u, 16u, 49u, 97u})
        for (std::size_t columns : {0u, 1u, 2u, 3u, 4u, 9u, 15u, 65u})
            for (std::size_t inner : {0u, 1u, 31u}) all.push_back({rows, columns, inner});
    for (std::size_t inner : {255u, 256u, 257u, 1000u}) {
        all.push_back({5, 1, inner});
        all.push_back({50, 9, inner});
    }
    const rondo::RandomStream draw{rondo::Seed{9}, rondo::Purpose::user};
    for (std::uint64_t k = 0; k < 72; k += 3) {
        const auto below = [&](std::uint64_t unit) { return std::size_t(rondo::uniform_index(draw.wide(unit), 120)); };
        all.push_back({1 + below(k), below(k + 1), below(k + 2)});
    }
    return all;
}

template <class S>
struct Product : ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Product, Scalars);

TYPED_TEST(Product, IsTheSum) {
    using S = TypeParam;
    using F = Factor<S>;
    for (const Shape& s : shapes())
        for (std::size_t gap : {0u, 3u}) {
            EigenBackend<S> backend; // a new one each time: what it reserves is just enough
            backend.reserve(std::max(EigenBackend<S>::scratch(s.rows, s.columns, s.inner),
                                     EigenBackend<S>::scratch(s.columns, s.rows, s.inner)));
            const F w = F::rows(s.rows, s.inner, 1), v = F::columns(s.rows, s.inner, 0, 2);
            const F x = F::columns(s.inner, s.columns, gap, 3), before = F::columns(s.rows, s.columns, gap, 4);

            F y = before;
            backend.multiply_add(y.matrix(s.rows, s.columns), w.weights(s.rows, s.inner), x.matrix(s.inner, s.columns));
            EXPECT_LE(error(y, before, w, x, s), 1) << "multiply_add " << s << ", gap " << gap;

            y = before;
            backend.multiply_transposed_add(y.matrix(s.rows, s.columns), v.weights(s.inner, s.rows),
                                            x.matrix(s.inner, s.columns));
            EXPECT_LE(error(y, before, v, x, s), 1) << "multiply_transposed_add " << s << ", gap " << gap;

            const F z = F::columns(s.rows, s.inner, gap, 5), u = F::columns(s.columns, s.inner, gap, 6),
                    sum = F::rows(s.rows, s.columns, 7);
            F outer = sum;
            backend.add_outer({outer.value.data(), s.rows, s.columns}, z.matrix(s.rows, s.inner),
                              u.matrix(s.columns, s.inner));
            EXPECT_LE(error(outer, sum, z, u.transposed(), s), 1) << "add_outer " << s << ", gap " << gap;
        }
}

TYPED_TEST(Product, OfPreparedWeightsIsTheSum) {
    using S = TypeParam;
    using F = Factor<S>;
    EigenBackend<S> backend;
    for (const Shape& s : shapes()) {
        const F w = F::rows(s.rows, s.inner, 1), v = F::columns(s.rows, s.inner, 0, 2);
        const F x = F::columns(s.inner, s.columns, 2, 3), before = F::columns(s.rows, s.columns, 1, 4);
        std::vector<S> room(EigenBackend<S>::prepared_size(s.rows, s.inner));
        F y = before;
        backend.multiply_add(y.matrix(s.rows, s.columns), backend.prepare(w.weights(s.rows, s.inner), room.data()),
                             x.matrix(s.inner, s.columns));
        EXPECT_LE(error(y, before, w, x, s), 1) << s;
        y = before;
        backend.multiply_add(y.matrix(s.rows, s.columns),
                             backend.prepare_transposed(v.weights(s.inner, s.rows), room.data()),
                             x.matrix(s.inner, s.columns));
        EXPECT_LE(error(y, before, v, x, s), 1) << s << ", transposed";
    }
}

TYPED_TEST(Product, WritesNoFurtherThanItAskedFor) {
    using S = TypeParam;
    using F = Factor<S>;
    constexpr S guard = 77;
    constexpr std::size_t behind = 64;
    const auto untouched = [&](const std::vector<S>& room) {
        return std::count(room.end() - behind, room.end(), guard) == std::ptrdiff_t(behind);
    };
    for (const Shape& s : shapes()) {
        std::vector<S> room(EigenBackend<S>::scratch(s.rows, s.columns, s.inner) + behind, guard);
        const F a = F::rows(s.rows, s.inner, 1), b = F::columns(s.inner, s.columns, 0, 2);
        F c = F::columns(s.rows, s.columns, 0, 3);
        rondo::eigen::add_product<rondo::Pack<S>>(c.value.data(), s.rows, {a.value.data(), a.by_row, 1},
                                                  {b.value.data(), 1, b.by_column}, s.rows, s.columns, s.inner,
                                                  room.data());
        EXPECT_TRUE(untouched(room)) << s;

        std::vector<S> panels(EigenBackend<S>::prepared_size(s.rows, s.inner) + behind, guard);
        EigenBackend<S>{}.prepare(a.weights(s.rows, s.inner), panels.data());
        EXPECT_TRUE(untouched(panels)) << s;
        EigenBackend<S>{}.prepare_transposed(a.weights(s.rows, s.inner), panels.data());
        EXPECT_TRUE(untouched(panels)) << s << ", transposed";
    }
}

// What "sums run in an order that depends on the extents only" is worth: the address does not matter.
TYPED_TEST(Product, HasTheSameBitsWhereverItsOperandsLie) {
    using S = TypeParam;
    for (const Shape& s : {Shape{37, 6, 53}, Shape{37, 1, 53}, Shape{16, 1, 300}, Shape{64, 16, 64}}) {
        const auto w = numbers<S>(s.rows * s.inner, 1), x = numbers<S>(s.inner * s.columns, 2);
        std::vector<S> wanted;
        for (std::ptrdiff_t shift = 0; shift < 17; ++shift) {
            const auto moved = [&](const std::vector<S>& from) {
                std::vector<S> to(from.size() + std::size_t(shift));
                std::copy(from.begin(), from.end(), to.begin() + shift);
                return to;
            };
            const auto v = moved(w), z = moved(x);
            auto y = moved(std::vector<S>(s.rows * s.columns));
            EigenBackend<S> backend;
            backend.reserve(EigenBackend<S>::scratch(s.rows, s.columns, s.inner));
            const ColumnMajorView<S> to{y.data() + shift, s.rows, s.columns};
            const ColumnMajorView<const S> from{z.data() + shift, s.inner, s.columns};
            backend.multiply_add(to, RowMajorView<const S>{v.data() + shift, s.rows, s.inner}, from);
            backend.multiply_transposed_add(to, RowMajorView<const S>{v.data() + shift, s.inner, s.rows}, from);
            const std::vector<S> result(y.begin() + shift, y.end());
            if (shift == 0) wanted = result;
            EXPECT_EQ(result, wanted) << s << ", moved by " << shift;
        }
    }
}

} // namespace product_test
