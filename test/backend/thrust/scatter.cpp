// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/backend.hpp>

#include "../support.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace scatter_test {

using namespace rondo;

/// So many columns, each with the row of a table it goes to; `gap` numbers lie below each.
template <class B>
struct Columns {
    using S = typename B::scalar;
    static constexpr std::size_t gap = 2;

    std::size_t rows, table_rows;
    std::vector<int> index;
    std::vector<S> x, table;
    typename B::template buffer<int> device_index;
    typename B::template buffer<S> device_x;

    Columns(std::size_t rows_, std::size_t table_rows_, const std::vector<int>& index_)
        : rows{rows_}, table_rows{table_rows_}, index{index_}, x(numbers<S>((rows + gap) * index.size(), 1)),
          table(numbers<S>(rows * table_rows, 2)), device_index(on_device<B>(index)), device_x(on_device<B>(x)) {}

    std::vector<S> added(B& backend, int skipped) const {
        auto device = on_device<B>(table);
        backend.scatter_add(B::data(device), {B::data(device_x), rows, index.size(), rows + gap}, B::data(device_index),
                            skipped, int(table_rows));
        return on_host<B>(B::data(device), table.size());
    }
    std::vector<double> expected(int skipped) const {
        std::vector<double> sum(table.begin(), table.end());
        for (std::size_t n = 0; n < index.size(); ++n)
            for (std::size_t row = 0; row < rows; ++row)
                if (index[n] >= 0 && index[n] != skipped)
                    sum[row + std::size_t(index[n]) * rows] += double(x[row + n * (rows + gap)]);
        return sum;
    }
};

template <class S>
struct ThrustScatter : testing::Test {
    using Used = ThrustBackend<S>;
    Used backend, other;

    void expect_sums(std::size_t table_rows, const std::vector<int>& index) {
        for (const std::size_t rows : {1u, 3u, 33u})
            for (const int skipped : {-1, 0, int(table_rows) - 1}) {
                const Columns<Used> columns{rows, table_rows, index};
                const auto got = columns.added(backend, skipped);
                expect_near<S>(got, columns.expected(skipped));
                EXPECT_EQ(columns.added(backend, skipped), got) << "other bits the second time";
                EXPECT_EQ(columns.added(other, skipped), got) << "other bits in other memory";
            }
    }
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ThrustScatter, Scalars);

std::vector<int> drawn(std::size_t n, int below) {
    std::vector<int> all;
    const RandomStream draw{Seed{3}, Purpose::user};
    for (std::size_t k = 0; k < n; ++k) { // the small ones often
        const double u = uniform(draw(k));
        all.push_back(int(u * u * u * below));
    }
    return all;
}

TYPED_TEST(ThrustScatter, OfSomeRowsMoreOftenThanOthers) {
    for (const std::size_t n : {0u, 1u, 2u, 63u, 64u, 65u, 129u, 700u, 100u, 2000u})
        for (const int table_rows : {1, 2, 7, 300}) this->expect_sums(std::size_t(table_rows), drawn(n, table_rows));
}

TYPED_TEST(ThrustScatter, OfOneRowForAllColumns) {
    for (const std::size_t n : {64u, 65u, 128u, 200u}) this->expect_sums(4, std::vector<int>(n, 2));
}

TYPED_TEST(ThrustScatter, OfADifferentRowForEachColumn) {
    std::vector<int> falling;
    for (int k = 199; k >= 0; --k) falling.push_back(k);
    this->expect_sums(200, falling);
}

// Runs of equal indices that begin anywhere within 64 columns, and are a little shorter or longer than 64 or 128.
TYPED_TEST(ThrustScatter, OfRunsAroundTheSizeOfAPart) {
    std::vector<int> index;
    int row = 0;
    for (const int length : {1, 65, 64, 1, 66, 63, 129, 2, 128, 127, 65, 65, 5, 190}) {
        index.insert(index.begin(), std::size_t(length), row++);
        this->expect_sums(std::size_t(row), index);
    }
}

TYPED_TEST(ThrustScatter, OfNothingButWhatIsLeftOut) {
    using B = ThrustBackend<TypeParam>;
    std::vector<int> index(150, 3);
    index.insert(index.end(), 150, -1);
    const Columns<B> columns{3, 4, index};
    EXPECT_EQ(columns.added(this->backend, 3), columns.table);
}

TYPED_TEST(ThrustScatter, OfSomeColumnsThatGoNowhere) {
    std::vector<int> index = drawn(400, 16);
    for (std::size_t k = 0; k < index.size(); k += 3) index[k] = -1;
    this->expect_sums(16, index);
}

TYPED_TEST(ThrustScatter, TokensPastAnEndAreNeitherLookedUpNorAdded) {
    using B = ThrustBackend<TypeParam>;
    const std::vector<int> lengths{3, 0, 2}, tokens{1, 1 << 30, 4, 0, -7, 2, 3, 99, 1 << 29},
        active{1, -1, 4, 0, -1, 2, 3, -1, -1};
    const Columns<B> columns{5, 6, tokens};
    auto marked = on_device<B>(tokens);
    const auto until = on_device<B>(lengths);
    this->backend.active_tokens(B::data(marked), B::data(columns.device_index), tokens.size(), B::data(until), 3);
    EXPECT_EQ((on_host<B, int>(B::data(marked), marked.size())), active);

    auto y = on_device<B>(columns.x);
    const auto table = on_device<B>(columns.table);
    this->backend.gather({B::data(y), 5, tokens.size(), 7}, B::data(table), B::data(marked));
    auto looked_up = columns.x;
    for (std::size_t n = 0; n < tokens.size(); ++n)
        for (std::size_t row = 0; row < 5; ++row)
            looked_up[row + n * 7] = active[n] < 0 ? TypeParam(0) : columns.table[row + std::size_t(active[n]) * 5];
    EXPECT_EQ(on_host<B>(B::data(y), y.size()), looked_up);
}

template <gpu::Products products>
std::vector<float> product() {
    using B = ThrustBackend<float, gpu::Hopper, products>;
    B backend;
    const auto w = on_device<B>(numbers<float>(40 * 33, 1)), x = on_device<B>(numbers<float>(33 * 24, 2));
    auto y = on_device<B>(std::vector<float>(40 * 24));
    backend.multiply_add({B::data(y), 40, 24}, RowMajorView<const float>{B::data(w), 40, 33}, {B::data(x), 33, 24});
    return on_host<B>(B::data(y), y.size());
}
// A term is at most 1.
TEST(ThrustProducts, AreAsNearAsTheirNumbers) {
    const auto w = numbers<float>(40 * 33, 1), x = numbers<float>(33 * 24, 2);
    const auto exact = product<gpu::Products::exact>(), tf32 = product<gpu::Products::tf32>(),
               bf16 = product<gpu::Products::bf16>();
    std::vector<double> wanted(40 * 24);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        for (std::size_t term = 0; term < 33; ++term)
            wanted[k] += double(w[k % 40 * 33 + term]) * double(x[k / 40 * 33 + term]);
        EXPECT_NEAR(tf32[k], wanted[k], 33 * 0x1p-9);
        EXPECT_NEAR(bf16[k], wanted[k], 33 * 0x1p-7);
    }
    expect_near<float>(exact, wanted);
#if THRUST_DEVICE_SYSTEM != THRUST_DEVICE_SYSTEM_CUDA // the host knows one kind
    EXPECT_EQ(tf32, exact);
    EXPECT_EQ(bf16, exact);
#endif
}

} // namespace scatter_test
