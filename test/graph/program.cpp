// SPDX-License-Identifier: MIT
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/graph/program.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace program_test {

using namespace rondo;
using B = EigenBackend<double>;
using Context = OpContext<B>;

std::vector<int> seen; // by the operations below, in order

struct Small {
    int number;
    void forward(Context&) const { seen.push_back(number); }
    void backward(Context&) const { seen.push_back(-number); }
};
struct Large {
    std::array<double, 40> numbers;
    void forward(Context&) const { seen.push_back(int(numbers[39])); }
    void backward(Context&) const { seen.push_back(-int(numbers[39])); }
};
struct OnlyForward {
    void forward(Context&) const { seen.push_back(100); }
};

struct ProgramTest : testing::Test {
    ProgramTest() { seen.clear(); }
    std::vector<int> forward() {
        seen.clear();
        program.forward(context);
        return seen;
    }
    std::vector<int> backward() {
        seen.clear();
        program.backward(context);
        return seen;
    }
    B backend;
    Context context{backend, nullptr, 0};
    Program<B> program;
};

TEST_F(ProgramTest, GoesThroughCopiesOfItsOperationsInOrderAndBack) {
    Small small{1};
    program.add<true>(small, true);
    small.number = 2;
    Large large{};
    large.numbers[39] = 7;
    program.add<true>(large, true);
    program.add<true>(small, true);
    EXPECT_EQ(seen, (std::vector<int>{})) << "nothing is computed while it is recorded";
    EXPECT_EQ(forward(), (std::vector<int>{1, 7, 2}));
    EXPECT_EQ(forward(), (std::vector<int>{1, 7, 2}));
    EXPECT_EQ(backward(), (std::vector<int>{-2, -7, -1}));
}

TEST_F(ProgramTest, GoesBackThroughWhatIsTapedAndHasABackward) {
    program.add<true>(Small{1}, true);
    program.add<true>(OnlyForward{}, true);
    program.add<true>(Small{2}, false);
    program.add<false>(Small{3}, false);
    EXPECT_EQ(forward(), (std::vector<int>{1, 100, 2, 3}));
    EXPECT_EQ(backward(), (std::vector<int>{-1}));
}

TEST_F(ProgramTest, KeepsItsRecordsWhenItGrowsAndMayBeUsedAgain) {
    std::vector<int> all;
    for (int k = 1; k <= 100; ++k) {
        program.add<true>(Small{k}, true);
        all.push_back(k);
    }
    EXPECT_EQ(forward(), all);
    program.clear();
    program.add<true>(Small{5}, true);
    EXPECT_EQ(program.size(), 1u);
    EXPECT_EQ(forward(), (std::vector<int>{5}));
}

struct Scratched {
    std::size_t declared, taken;
    void forward_scratch(Scratch<B>& scratch) const {
        scratch.take(declared);
        scratch.product(3, 5, 7);
    }
    void forward(Context& context) const {
        auto scratch = context.scratch();
        for (std::size_t k = 0; k < taken; ++k) scratch.take(1)[0] = double(k);
    }
    void backward_scratch(Scratch<B>& scratch) const { scratch.take(2 * declared); }
    void backward(Context&) const {}
};

TEST_F(ProgramTest, NeedsAsMuchScratchAsTheOperationThatNeedsMost) {
    program.add<true>(Scratched{3, 0}, false);
    EXPECT_EQ(program.scratch_size(), 16u);
    EXPECT_EQ(program.product_size(), B::scratch(3, 5, 7));
    program.add<true>(Scratched{20, 0}, true);
    program.add<true>(Scratched{1, 0}, true);
    EXPECT_EQ(program.scratch_size(), 48u);
    program.clear();
    EXPECT_EQ(program.scratch_size(), 0u);
    EXPECT_EQ(program.product_size(), 0u);
}

using ProgramDeathTest = ProgramTest;
TEST_F(ProgramDeathTest, AssertsThatScratchWasDeclared) {
    Buffer<double> block(32);
    program.add<true>(Scratched{32, 2}, false);
    program.forward({backend, block.data(), block.size()});
    program.add<true>(Scratched{32, 3}, false);
    EXPECT_DEATH(program.forward({backend, block.data(), block.size()}), "fits");
}

TEST(Backend, AssertsThatAProductWasDeclared) {
    B backend;
    std::array<double, 70> x{}, y{}, w{};
    const auto multiply = [&] {
        backend.multiply_add({y.data(), 7, 10}, RowMajorView<const double>{w.data(), 7, 7},
                             ColumnMajorView<const double>{x.data(), 7, 10});
    };
    EXPECT_DEATH(multiply(), "scratch");
    backend.reserve(B::scratch(7, 10, 7));
    multiply();
}

} // namespace program_test
