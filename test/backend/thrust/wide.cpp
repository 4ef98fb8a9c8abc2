// SPDX-License-Identifier: MIT
// Batches so wide that groups of threads go through two, four and eight sequences together: the same as on the CPU.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/backend/thrust/backend.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/network/workspace.hpp>

#include "../support.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace {

using namespace rondo;

/// Outputs, final states and all slopes of a forward and a backward, on the host.
template <class Layer, class B>
std::vector<float> train(int batch, const int* lengths) {
    constexpr int in = Layer::input_size;
    const Extent extent{6, batch, lengths};
    Placed<B, float, in> x{numbers<float>(in * extent.columns(), 1), extent};
    const Model<Layer, B> model{Seed{1}};
    Model<Layer, B> gradient;
    Workspace<Layer, B> work;
    const auto [y, final] =
        work.record(model, nullptr, {}, [&](auto& run) { return Layer::forward(run, x.view(), from_zero); });
    copy_to_device(work.backend(), y.slope, numbers<float>(y.size(), 2));
    set_slopes(work.backend(), final, numbers<float>(final.size() * Layer::components, 3));
    auto all = values_of<B>(y);
    work.backward(&gradient);
    for (const auto& more : {final_of<B>(final), x.slopes(), gradient.values()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

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
            const auto got = train<Layer, ThrustBackend<float>>(batch, which),
                       expected = train<Layer, EigenBackend<float>>(batch, which);
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
