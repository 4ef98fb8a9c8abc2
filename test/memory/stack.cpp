// SPDX-License-Identifier: MIT
// A network of 1024 hidden units compiles and runs on a stack that would not hold one column of its weights' rows.
#include "sanitized.hpp"

#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <cmath>
#include <vector>

namespace {

using namespace rondo;

using Large = Sequential<Named<"lstm", LSTM<1024, 1024, Stack{.layers = 2}>>, Named<"fc", Linear<1024, 512>>>;
static_assert(parameter_count<Large> == 2 * 4 * (1024 * 2048 + 2 * 1024) + 1024 * 512 + 512);

// Sizes of values say nothing of sizes of layers: they own their memory elsewhere.
using Small = Sequential<Named<"lstm", LSTM<2, 2>>>;
static_assert(sizeof(Model<Large>) == sizeof(Model<Small>) && sizeof(BatchState<Large>) == sizeof(BatchState<Small>));
static_assert(sizeof(Workspace<Large>) == sizeof(Workspace<Small>) && sizeof(Workspace<Large>) < 1024);

#ifdef RONDO_TEST_SANITIZED
constexpr std::size_t stack_size = 1 << 20; // frames are larger
#else
constexpr std::size_t stack_size = 128 << 10;
#endif

struct Outcome {
    double loss = NAN, step = NAN, gradient = NAN;
};

void* run(void* out) {
    Model<Large> model;
    std::vector<float> x(1024 * 6), dx(x.size()), target(512 * 6, 0.1f);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = float(k % 7) / 7;
    float* weight = model.data();
    for (std::size_t k = 0; k < model.size; k += 101) weight[k] = float(k % 13) / 130;

    Workspace<Large> work;
    BatchState<Large> state{2};
    Model<Large> gradient;
    const SequenceView<float, 1024> input{x.data(), dx.data(), {3, 2}};
    const SequenceView<const float, 512> wanted{target.data(), nullptr, {3, 2}};
    auto& result = *static_cast<Outcome*>(out);
    result.loss = work.train(model, &gradient, nullptr, {}, [&](auto& r) {
        return MeanSquaredError{}(r, Large::forward(r, input), wanted, MeanSquaredError{}.terms(wanted));
    });
    const auto y = work.step(model, state, SequenceView<const float, 1024>{x.data(), nullptr, {1, 2}});
    result.step = double(y.value[0]);
    result.gradient = work.backend().sum_of_squares(gradient.data(), gradient.size);
    return nullptr;
}

TEST(Stack, HoldsNoPartOfALargeNetwork) {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_size), 0);
    Outcome result;
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, run, &result), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
    EXPECT_TRUE(std::isfinite(result.loss) && result.loss > 0) << result.loss;
    EXPECT_TRUE(std::isfinite(result.step)) << result.step;
    EXPECT_TRUE(std::isfinite(result.gradient) && result.gradient > 0) << result.gradient;
}

} // namespace
