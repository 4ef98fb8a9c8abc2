// SPDX-License-Identifier: MIT
// The same bits in every run, by each kind of kernel: nothing adds in the order in which threads happen to come.
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>

#include "trained.hpp"

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
static_assert(plan<cell::GRUResetBefore, 33>.kind == Kind::per_step_gemm);

template <class Layer>
struct Repeat : testing::Test {};
using Layers = testing::Types<LSTM<5, 33>, LSTM<5, 192>, LSTM<5, 512>, LSTM<5, 1024>, GRU<5, 33>, GRU<5, 192>,
                              GRU<5, 512>, GRU<5, 1024>, GRUResetBefore<5, 33>>;
TYPED_TEST_SUITE(Repeat, Layers);

TYPED_TEST(Repeat, GivesTheSameBits) {
    const int lengths[]{7, 0, 4};
    for (const int* which : {static_cast<const int*>(nullptr), lengths}) {
        const auto first = trained<TypeParam, B>({7, 3, which});
        for (int again = 1; again < 10; ++again) {
            const auto next = trained<TypeParam, B>({7, 3, which});
            ASSERT_EQ(next.size(), first.size());
            EXPECT_EQ(std::memcmp(next.data(), first.data(), first.size() * sizeof(float)), 0) << again;
        }
    }
}

} // namespace
