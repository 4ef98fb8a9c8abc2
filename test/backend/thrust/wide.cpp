// SPDX-License-Identifier: MIT
// Batches so wide that groups of threads go through two, four and eight sequences together: the same as on the CPU.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/backend/thrust/backend.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>

#include "trained.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace {

using namespace rondo;

template <class L, int... of>
struct Case {
    using Layer = L;
    static constexpr std::array batches{of...};
};
template <class Case>
struct Wide : testing::Test {};
using Cases = testing::Types<Case<LSTM<5, 64>, 200, 1000>, Case<GRU<3, 33>, 140>, Case<RNN<3, 256>, 130>,
                             Case<LSTM<5, 128>, 70, 300>, Case<LSTM<5, 256>, 16, 32, 128>, Case<GRU<5, 512>, 9, 32>,
                             Case<LSTM<5, 512>, 32>, Case<LSTM<3, 1024>, 1, 3, 9>>;
TYPED_TEST_SUITE(Wide, Cases);

TYPED_TEST(Wide, IsTheSameAsOnTheCpu) {
    using Layer = typename TypeParam::Layer;
    for (const int batch : TypeParam::batches) {
        std::vector<int> lengths;
        for (int b = 0; b < batch; ++b) lengths.push_back((b * 5 + 6) % 7);
        for (const int* which : {static_cast<const int*>(nullptr), static_cast<const int*>(lengths.data())}) {
            const auto got = trained<Layer, ThrustBackend<float>>({6, batch, which}),
                       expected = trained<Layer, EigenBackend<float>>({6, batch, which});
            ASSERT_EQ(got.size(), expected.size());
            double worst = 0;
            for (std::size_t k = 0; k < got.size(); ++k) {
                const double d = std::abs(double(got[k]) - expected[k]) / std::max(1.0, std::abs(double(expected[k])));
                if (!(d <= worst)) worst = std::isnan(d) ? HUGE_VAL : d;
            }
            EXPECT_LT(worst, 2e-4) << batch << (which ? " sequences of different lengths" : " sequences");
        }
    }
}

} // namespace
