// SPDX-License-Identifier: MIT
// The same bits in every run, by each kind of kernel: nothing adds in the order in which threads happen to come.
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/network/workspace.hpp>

#include "../support.hpp"

#include <support/backend.hpp>

#include <cstring>

namespace {

using namespace rondo;
using gpu::Kind;

using B = TestBackend<float>;
template <class C, int H>
constexpr gpu::Plan plan = B::plan<C, H>(1, gpu::Direction::forward);
static_assert(plan<cell::LSTM, 33>.kind == Kind::block && plan<cell::GRU, 33>.kind == Kind::block);
static_assert(plan<cell::LSTM, 192>.kind == Kind::cluster && plan<cell::GRU, 192>.in_shared == 0);
static_assert(plan<cell::LSTM, 512>.kind == Kind::cluster && plan<cell::GRU, 512>.in_shared > 0);
static_assert(plan<cell::LSTM, 1024>.kind == Kind::grid && plan<cell::GRU, 1024>.kind == Kind::grid);
static_assert(plan<cell::GRUResetBefore, 33>.kind == Kind::step);

/// Outputs, final states and all slopes of a forward and a backward, on the host.
template <class Layer>
std::vector<float> train(const int* lengths) {
    constexpr int in = Layer::input_size;
    const Extent extent{7, 3, lengths};
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

template <class Layer>
struct Repeat : testing::Test {};
using Layers = testing::Types<LSTM<5, 33>, LSTM<5, 192>, LSTM<5, 512>, LSTM<5, 1024>, GRU<5, 33>, GRU<5, 192>,
                              GRU<5, 512>, GRU<5, 1024>, GRUResetBefore<5, 33>>;
TYPED_TEST_SUITE(Repeat, Layers);

TYPED_TEST(Repeat, GivesTheSameBits) {
    const int lengths[]{7, 0, 4};
    for (const int* which : {static_cast<const int*>(nullptr), lengths}) {
        const auto first = train<TypeParam>(which);
        for (int again = 1; again < 10; ++again) {
            const auto next = train<TypeParam>(which);
            ASSERT_EQ(next.size(), first.size());
            EXPECT_EQ(std::memcmp(next.data(), first.data(), first.size() * sizeof(float)), 0) << again;
        }
    }
}

} // namespace
