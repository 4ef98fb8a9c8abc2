// SPDX-License-Identifier: MIT
#pragma once

#include "support.hpp"

#include <rondo/core/memory.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

/// Every operation of the concept, against loops in double.
template <class B>
class Operations : public testing::Test {
protected:
    using Scalar = typename B::scalar;

    /// A matrix with `gap` numbers below each column that are not its own, on the host and with the backend.
    struct Table {
        std::size_t rows, columns, stride;
        std::vector<Scalar> host;
        typename B::template buffer<Scalar> device;

        Table(std::size_t rows_, std::size_t columns_, std::size_t gap, std::uint32_t stream)
            : rows{rows_}, columns{columns_}, stride{rows_ + gap}, host(numbers<Scalar>(stride * columns_, stream)),
              device(on_device<B>(host)) {}
        Table transposed() {
            Table t(columns, rows, 0, 0);
            for (std::size_t n = 0; n < columns; ++n)
                for (std::size_t k = 0; k < rows; ++k) t(n, k) = (*this)(k, n);
            t.device = on_device<B>(t.host);
            return t;
        }
        rondo::ColumnMajorView<Scalar> matrix() { return {B::data(device), rows, columns, stride}; }
        rondo::RowMajorView<Scalar> weights() { return {B::data(device), columns, rows}; }
        Scalar* data() { return B::data(device); }
        Scalar& operator()(std::size_t row, std::size_t column) { return host[row + column * stride]; }
        void expect() { expect_near<Scalar>(on_host<B>(data(), host.size()), host); }
    };

    /// Calls f(rows, columns, inner) for extents with and without remains of packs and blocks, none, and one.
    template <class F>
    static void each_extent(F f) {
        for (const auto& [rows, columns, inner] : {std::tuple{1u, 1u, 1u},
                                                   {5u, 3u, 7u},
                                                   {33u, 17u, 20u},
                                                   {64u, 8u, 130u},
                                                   {7u, 70u, 300u},
                                                   {4u, 1u, 9u},
                                                   {20u, 1u, 33u},
                                                   {1u, 6u, 2u},
                                                   {3u, 0u, 4u},
                                                   {3u, 4u, 0u}})
            f(std::size_t(rows), std::size_t(columns), std::size_t(inner));
    }
    void reserve(std::size_t rows, std::size_t columns, std::size_t inner) {
        backend.reserve(B::scratch(rows, columns, inner));
    }

    /// operation(y, w, x): y += w x, gaps as they were.
    template <class Operation>
    void each_product(Operation operation) {
        each_extent([&](std::size_t rows, std::size_t columns, std::size_t inner) {
            Table y(rows, columns, 3, 1), w(inner, rows, 0, 2), x(inner, columns, 2, 3);
            reserve(rows, columns, inner);
            operation(y, w, x);
            for (std::size_t n = 0; n < columns; ++n)
                for (std::size_t r = 0; r < rows; ++r) {
                    double sum = y(r, n);
                    for (std::size_t k = 0; k < inner; ++k) sum += double(w(k, r)) * double(x(k, n));
                    y(r, n) = Scalar(sum);
                }
            y.expect();
        });
    }

    /// One matrix of the backend's and one of the host's: each element of y = f(y, x, row, column), gaps as they were.
    template <class Operation, class F>
    static void each_column(Operation operation, F f) {
        each_extent([&](std::size_t rows, std::size_t columns, std::size_t gap) {
            Table y(rows, columns, gap, 1), x(rows, columns, gap / 2, 2);
            operation(y, x);
            for (std::size_t n = 0; n < columns; ++n)
                for (std::size_t k = 0; k < rows; ++k) y(k, n) = f(y, x, k, n);
            y.expect();
        });
    }

    B backend;
};
TYPED_TEST_SUITE_P(Operations);

TYPED_TEST_P(Operations, UploadAndDownloadGiveBackWhatTheyGot) {
    using S = typename TypeParam::scalar;
    for (std::size_t n : {0u, 1u, 100u, 7u}) {
        typename TypeParam::template buffer<S> buffer;
        const auto values = numbers<S>(n, 1);
        TypeParam::upload(buffer, values.data(), n);
        EXPECT_EQ(buffer.size(), n);
        EXPECT_EQ(on_host<TypeParam>(TypeParam::data(buffer), n), values);
    }
}

TYPED_TEST_P(Operations, BuffersAreRegularValuesThatBeginAtZero) {
    using S = typename TypeParam::scalar;
    typename TypeParam::template buffer<S> a(5);
    EXPECT_EQ(on_host<TypeParam>(TypeParam::data(a), 5), std::vector<S>(5));
    const auto values = numbers<S>(5, 1);
    TypeParam::upload(a, values.data(), 5);
    auto b = a;
    EXPECT_TRUE(a == b);
    b.resize(9);
    EXPECT_FALSE(a == b);
    EXPECT_EQ(on_host<TypeParam>(TypeParam::data(b), 5), values);
    b = std::move(a);
    const auto c = b;
    EXPECT_EQ(on_host<TypeParam>(TypeParam::data(c), c.size()), values);
}

TYPED_TEST_P(Operations, MultiplyAdd) {
    this->each_product(
        [&](auto& y, auto& w, auto& x) { this->backend.multiply_add(y.matrix(), w.weights(), x.matrix()); });
}

TYPED_TEST_P(Operations, MultiplyAddOfPreparedWeights) {
    this->each_product([&](auto& y, auto& w, auto& x) {
        typename TypeParam::template buffer<typename TypeParam::scalar> memory(
            TypeParam::prepared_size(y.rows, x.rows));
        const auto prepared = this->backend.prepare(w.weights(), TypeParam::data(memory));
        this->backend.multiply_add(y.matrix(), prepared, x.matrix());
    });
}

TYPED_TEST_P(Operations, MultiplyTransposedAdd) {
    this->each_product([&](auto& y, auto& w, auto& x) {
        typename TestFixture::Table to(w.transposed());
        this->backend.multiply_transposed_add(y.matrix(), to.weights(), x.matrix());
    });
}

TYPED_TEST_P(Operations, MultiplyAddOfWeightsPreparedTransposed) {
    this->each_product([&](auto& y, auto& w, auto& x) {
        typename TestFixture::Table to(w.transposed());
        typename TypeParam::template buffer<typename TypeParam::scalar> memory(
            TypeParam::prepared_size(to.columns, to.rows));
        const auto prepared = this->backend.prepare_transposed(to.weights(), TypeParam::data(memory));
        this->backend.multiply_add(y.matrix(), prepared, x.matrix());
    });
}

TYPED_TEST_P(Operations, AddOuter) {
    this->each_extent([&](std::size_t rows, std::size_t columns, std::size_t inner) {
        typename TestFixture::Table w(rows, columns, 0, 1), y(columns, inner, 3, 2), x(rows, inner, 2, 3);
        this->reserve(rows, columns, inner);
        this->backend.add_outer(w.weights(), y.matrix(), x.matrix());
        for (std::size_t r = 0; r < columns; ++r)
            for (std::size_t k = 0; k < rows; ++k) {
                double sum = w(k, r);
                for (std::size_t n = 0; n < inner; ++n) sum += double(y(r, n)) * double(x(k, n));
                w(k, r) = typename TypeParam::scalar(sum);
            }
        w.expect();
    });
}

TYPED_TEST_P(Operations, AddColumns) {
    this->each_extent([&](std::size_t rows, std::size_t columns, std::size_t gap) {
        typename TestFixture::Table p(rows, 1, 2, 1), x(rows, columns, gap, 2);
        this->backend.add_columns(p.data(), x.matrix());
        for (std::size_t k = 0; k < rows; ++k)
            for (std::size_t n = 0; n < columns; ++n) p(k, 0) += x(k, n);
        p.expect();
    });
}

TYPED_TEST_P(Operations, FillCopyAndAddToColumns) {
    this->each_column(
        [&](auto& y, auto& x) {
            if (x.columns > 0) this->backend.fill_columns(y.matrix(), x.data());
        },
        [](auto&, auto& x, std::size_t k, std::size_t) { return x(k, 0); });
    this->each_column([&](auto& y, auto& x) { this->backend.copy_columns(y.matrix(), x.matrix()); },
                      [](auto&, auto& x, std::size_t k, std::size_t n) { return x(k, n); });
    this->each_column([&](auto& y, auto& x) { this->backend.add_to_columns(y.matrix(), x.matrix()); },
                      [](auto& y, auto& x, std::size_t k, std::size_t n) { return y(k, n) + x(k, n); });
}

TYPED_TEST_P(Operations, GatherAndScatterAdd) {
    this->each_extent([&](std::size_t rows, std::size_t columns, std::size_t gap) {
        typename TestFixture::Table table(rows, 5, 0, 1), y(rows, columns, gap, 2);
        std::vector<int> index;
        for (std::size_t n = 0; n < columns; ++n) index.push_back(int(n * n % 5)); // 0, 1, 4 again and again
        const auto on = on_device<TypeParam>(index);
        this->backend.gather(y.matrix(), table.data(), TypeParam::data(on));
        for (std::size_t n = 0; n < columns; ++n)
            for (std::size_t k = 0; k < rows; ++k) y(k, n) = table(k, std::size_t(index[n]));
        y.expect();
        for (const int skipped : {-1, 4}) {
            this->backend.scatter_add(table.data(), y.matrix(), TypeParam::data(on), skipped);
            for (std::size_t n = 0; n < columns; ++n)
                for (std::size_t k = 0; k < rows; ++k)
                    if (index[n] != skipped) table(k, std::size_t(index[n])) += y(k, n);
            table.expect();
        }
    });
}

TYPED_TEST_P(Operations, FillAndCopy) {
    typename TestFixture::Table a(20, 1, 0, 1), b(20, 1, 0, 2);
    this->backend.fill(a.data() + 3, 5, 7);
    std::fill_n(a.host.begin() + 3, 5, typename TypeParam::scalar(7));
    this->backend.fill(a.data() + 1, 0, 9);
    a.expect();
    this->backend.copy(b.data() + 2, a.data() + 1, 11);
    std::copy_n(a.host.begin() + 1, 11, b.host.begin() + 2);
    this->backend.copy(b.data(), a.data(), 0);
    b.expect();
}

TYPED_TEST_P(Operations, WhatIsSentMayChangeAfterwards) {
    using S = typename TypeParam::scalar;
    auto all = on_device<TypeParam>(std::vector<S>(5000));
    std::vector<S> host;
    for (const std::size_t n : {5000u, 1u, 700u, 0u, 4999u}) {
        auto sent = numbers<S>(n, std::uint32_t(n));
        this->backend.send(TypeParam::data(all), sent.data(), n);
        host.resize(5000);
        std::copy(sent.begin(), sent.end(), host.begin());
        std::fill(sent.begin(), sent.end(), S(7));
    }
    expect_near<S>(on_host<TypeParam>(TypeParam::data(all), 5000), host);
}

TYPED_TEST_P(Operations, SumsAreTakenInDoubleAndAlwaysTheSame) {
    this->reserve(1, 1, 1);
    for (std::size_t n : {0u, 1u, 7u, 300u, 5000u}) {
        typename TestFixture::Table x(n, 1, 0, 1);
        double sum = 0, squares = 0;
        for (const double value : x.host) sum += value, squares += value * value;
        EXPECT_NEAR(this->backend.sum(x.data(), n), sum, 1e-10);
        EXPECT_NEAR(this->backend.sum_of_squares(x.data(), n), squares, 1e-10);
        EXPECT_EQ(this->backend.sum(x.data(), n), this->backend.sum(x.data(), n));
        EXPECT_EQ(this->backend.sum_of_squares(x.data(), n), this->backend.sum_of_squares(x.data(), n));
    }
}

template <int rows, class S>
struct ScaleUnit {
    S* y;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * rows + std::size_t(unit);
        L::store(y + at, L::load(y + at) * typename L::P(S(column + 2)));
    }
};
template <class S>
struct ScaleElement {
    S* y;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        L::add(y + k, L::load(y + k) * typename L::P(S(2)));
    }
};
template <class S>
struct ReverseColumn {
    S* y;
    std::size_t rows;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        S* from = y + column * rows;
        for (std::size_t k = 0; k < rows / 2; ++k) {
            const S other = from[rows - 1 - k];
            from[rows - 1 - k] = from[k] + S(column);
            from[k] = other;
        }
    }
};

TYPED_TEST_P(Operations, UnitsElementsAndColumnsCallTheirFunctorOnceForEach) {
    using S = typename TypeParam::scalar;
    const auto units = [&]<int rows>() {
        typename TestFixture::Table y(rows, 3, 0, 1);
        this->backend.template units<rows>(ScaleUnit<rows, S>{y.data()}, 3);
        for (std::size_t n = 0; n < 3; ++n)
            for (std::size_t k = 0; k < rows; ++k) y(k, n) *= S(n + 2);
        y.expect();
    };
    units.template operator()<1>();
    units.template operator()<5>();
    units.template operator()<37>();
    units.template operator()<64>();

    typename TestFixture::Table y(rondo::padded(21), 1, 0, 1);
    this->backend.elements(ScaleElement<S>{y.data()}, 21);
    auto got = on_host<TypeParam>(y.data(), 21);
    for (S& value : y.host) value *= 3;
    y.host.resize(21);
    expect_near<S>(got, y.host);

    typename TestFixture::Table z(7, 4, 0, 1);
    this->backend.columns(ReverseColumn<S>{z.data(), 7}, 4);
    for (std::size_t n = 0; n < 4; ++n) {
        for (std::size_t k = 0; k < 3; ++k) z(k, n) += S(n);
        std::reverse(z.host.begin() + long(n * 7), z.host.begin() + long(n * 7 + 7));
    }
    z.expect();
}

REGISTER_TYPED_TEST_SUITE_P(Operations, UploadAndDownloadGiveBackWhatTheyGot, BuffersAreRegularValuesThatBeginAtZero,
                            MultiplyAdd, MultiplyAddOfPreparedWeights, MultiplyTransposedAdd,
                            MultiplyAddOfWeightsPreparedTransposed, AddOuter, AddColumns, FillCopyAndAddToColumns,
                            GatherAndScatterAdd, FillAndCopy, WhatIsSentMayChangeAfterwards,
                            SumsAreTakenInDoubleAndAlwaysTheSame, UnitsElementsAndColumnsCallTheirFunctorOnceForEach);
