// SPDX-License-Identifier: MIT
#include "streamed.hpp"

#include <rondo/layer/rnn.hpp>

#include <support/compositions.hpp>
#include <support/peephole.hpp>

namespace {

using namespace rondo;

template <class Net>
struct StreamTest : testing::Test {
    // To rounding: a product of one column sums in another order than one of all columns.
    template <class S>
    static void equals_unrolled() {
        const Model<Net, EigenBackend<S>> model{Seed{3}};
        const Packed packed{model};
        StreamOf<Net, S> stream{packed};
        for (const int steps : {1, 3, 5, 20, 33}) {
            const auto x = inputs<Net, S>(steps, std::uint64_t(steps));
            stream.reset();
            const auto got = streamed(stream, x, 0, std::size_t(steps));
            EXPECT_LT(law::difference(unrolled<Net, S>(model, x), got), law::tolerance<S>) << steps << " steps";
            stream.reset();
            EXPECT_EQ(law::differing(streamed(stream, x, 0, std::size_t(steps)), got), 0u) << "again, to the bit";
        }
    }
};

template <int Hidden>
using Cells =
    Sequential<Named<"lstm", LSTM<3, Hidden>>, Named<"gru", GRU<Hidden, 5>>, Named<"before", GRUResetBefore<5, Hidden>>,
               Named<"rnn", RNN<Hidden, 3, Stack{.layers = 2, .dropout = Rate{50}}>>, Named<"relu", ReluRNN<3, 1>>>;
// Weights of many tiles, wider and narrower ones, larger than the first cache; a cell with parameters of its units' own.
using Large = Sequential<LSTM<3, 100>, GRU<100, 65>, RNN<65, 130>, Linear<130, 70>, Linear<70, 3>>;
using Peepholes = Sequential<Recurrent<Peephole, 3, 20, Stack{.layers = 2}>, Recurrent<Peephole, 20, 65>>;
using Networks = testing::Types<Letters, Tracker, Cells<1>, Cells<20>, Cells<33>, Branch, TiedModel, Large, Peepholes>;
TYPED_TEST_SUITE(StreamTest, Networks);
TYPED_TEST(StreamTest, EqualsTheUnrolledNetwork) { this->template equals_unrolled<float>(); }

// Weights of 8 bits of precision: each result is off by no more than some hundredths of what the network can say.
TYPED_TEST(StreamTest, OfBfloat16IsNear) {
    using Net = TypeParam;
    const Model<Net> model{Seed{3}};
    const Packed<Net, EigenBackend<float>, bfloat16> packed{model};
    EXPECT_LE(packed.size, Packed<Net>::size);
    Stream stream{packed};
    const auto x = inputs<Net, float>(33, 1);
    const auto got = streamed(stream, x, 0, 33), exact = unrolled<Net, float>(model, x);
    double worst = 0;
    for (std::size_t k = 0; k < got.size(); ++k) worst = std::max(worst, std::abs(double(got[k]) - double(exact[k])));
    EXPECT_LT(worst, 0.02);
    EXPECT_GT(worst, 0);
}

struct StreamDouble : StreamTest<Letters> {};
TEST_F(StreamDouble, EqualsTheUnrolledNetwork) {
    equals_unrolled<double>();
    StreamTest<Branch>::equals_unrolled<double>();
    StreamTest<Large>::equals_unrolled<double>();
}

} // namespace
