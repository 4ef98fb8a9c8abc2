// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/backend.hpp>

#include "networks.hpp"
#include "operations.hpp"

#include <stdexcept>
#include <vector>

namespace thrust_test {

using Backends = testing::Types<rondo::ThrustBackend<float>, rondo::ThrustBackend<double>>;

INSTANTIATE_TYPED_TEST_SUITE_P(Thrust, Operations, Backends);
INSTANTIATE_TYPED_TEST_SUITE_P(Thrust, Networks, Backends);

template <class S>
struct Increase {
    S* p;
    S by;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        p[k] += by;
    }
};

TEST(Thrust, WorkIsKeptAsItWasAskedForOnce) {
    using B = rondo::ThrustBackend<double>;
    B backend;
    B::Graph graph;
    B::buffer<double> x(5), y(5);
    double by = 1;
    int calls = 0;
    const auto work = [&] {
        ++calls;
        backend.columns(Increase<double>{B::data(x), by}, 5);
        backend.copy(B::data(y), B::data(x), 5);
        backend.fill(B::data(x), 2, -1);
    };
    for (int k = 0; k < 3; ++k, by = 100) backend.repeat(graph, work);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(on_host<B>(B::data(y), 5), (std::vector<double>{0, 0, 3, 3, 3}));
    graph = {};
    backend.repeat(graph, work);
    EXPECT_EQ(calls, 2) << "another graph";
    EXPECT_EQ(on_host<B>(B::data(y), 5), (std::vector<double>{99, 99, 103, 103, 103}));

    B::Graph other;
    bool fails = true;
    const auto fragile = [&] {
        backend.fill(B::data(x), 5, 2);
        if (fails) throw std::logic_error{"in the middle"};
    };
    EXPECT_THROW(backend.repeat(other, fragile), std::logic_error);
    backend.columns(Increase<double>{B::data(x), 1}, 5); // is not kept, but done
    fails = false;
    EXPECT_EQ(on_host<B>(B::data(x), 5), (std::vector<double>{0, 0, 104, 104, 104}));
    for (int k = 0; k < 2; ++k) backend.repeat(other, fragile);
    EXPECT_EQ(on_host<B>(B::data(x), 5), std::vector<double>(5, 2));
}

TEST(Thrust, KeptWorkStaysGoodWhereMoreMemoryIsTaken) {
    using B = rondo::ThrustBackend<double>;
    B backend;
    B::Graph graph;
    B::buffer<double> x(100000, 1), y(5);
    int calls = 0;
    const auto work = [&] {
        ++calls;
        backend.add_columns(B::data(y), rondo::ColumnMajorView<const double>{B::data(x), 5, 200});
    };
    work();
    for (int k = 0; k < 2; ++k) backend.repeat(graph, work);
    EXPECT_EQ(calls, 2);
    backend.add_columns(B::data(y), rondo::ColumnMajorView<const double>{B::data(x), 5, 20000}); // takes more
    for (int k = 0; k < 2; ++k) backend.repeat(graph, work);
    EXPECT_EQ(calls, 2) << "its memory is still there";
    EXPECT_EQ(on_host<B>(B::data(y), 5), std::vector<double>(5, 21000));
}

TEST(Thrust, MemoryThatWasHandedOutStays) {
    rondo::gpu::GrowingPool<int, true> memory;
    int* const first = memory.take(5);
    for (std::size_t more = 10; more < 1000; more *= 3) memory.take(more);
    EXPECT_EQ(on_host<rondo::ThrustBackend<double>>(first, 5), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Thrust, WorkThatSendsOrWaitsIsDoneEachTime) {
    using B = rondo::ThrustBackend<double>;
    B backend;
    B::Graph sends, waits;
    B::buffer<double> x(3);
    double host = 0;
    for (int k = 1; k < 4; ++k) {
        host = k;
        backend.repeat(sends, [&] { backend.send(B::data(x), &host, 1); });
        double sum = 0;
        backend.repeat(waits, [&] { sum = backend.sum(B::data(x), 3); });
        EXPECT_EQ(sum, k);
    }
}

TEST(Thrust, GradientsAreCentralDifferences) { EXPECT_LT(gradient_error<rondo::ThrustBackend<double>>(), 1e-9); }

} // namespace thrust_test
