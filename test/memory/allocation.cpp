// SPDX-License-Identifier: MIT
// In the steady state nothing asks for memory: no training step, no forward, no step of a stream.
#include "counted.hpp"

#include <rondo/layer/activation.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace rondo;
using counted::allocations;

// Large enough that a product's blocks would not fit on a stack.
using Char = Sequential<Named<"embedding", Embedding<28, 128>>,
                        Named<"lstm", LSTM<128, 128, Stack{.layers = 2, .dropout = Rate{20}}>>, Dropout<128, Rate{10}>,
                        Named<"fc", Linear<128, 28>>>;

struct Text {
    std::vector<int> tokens, targets, lengths;
    Text(int steps, int batch)
        : tokens(std::size_t(steps * batch)), targets(tokens.size()), lengths(std::size_t(batch)) {
        for (std::size_t k = 0; k < tokens.size(); ++k) tokens[k] = int(k * 5 % 28), targets[k] = int(k * 3 % 28);
        for (std::size_t b = 0; b < lengths.size(); ++b) lengths[b] = int(b * 7) % (steps + 1);
    }
};

template <class Net>
struct Trainer {
    Model<Net> model{Seed{1}}, gradient;
    Workspace<Net> work;
    std::uint64_t step = 0;

    double train(const Text& text, Extent extent, BatchState<Net>* state = nullptr) {
        const Tokens x{text.tokens.data(), nullptr, extent}, y{text.targets.data(), nullptr, extent};
        return work.train(model, &gradient, state, {Seed{1}, ++step, true}, [&](auto& run) {
            return CrossEntropy{}(run, Net::forward(run, x), y, CrossEntropy{}.terms(y));
        });
    }
};

TEST(Counter, Counts) {
    void* volatile p = nullptr; // volatile: compilers may leave out what nobody uses
    EXPECT_EQ(allocations([] {}), 0u);
    EXPECT_GT(allocations([&] { p = new int; }), 0u);
    delete static_cast<int*>(p);
    EXPECT_GT(allocations([&] {
                  Buffer<float> buffer(100);
                  p = buffer.data();
              }),
              0u);
#ifdef RONDO_TEST_COUNTS_MALLOC
    EXPECT_EQ(allocations([&] { p = std::malloc(100); }), 1u);
    std::free(p);
    EXPECT_EQ(allocations([&] { p = std::aligned_alloc(64, 128); }), 1u);
    std::free(p);
#endif
}

TEST(TrainingStep, AllocatesNothingInTheSteadyState) {
    const Text text{8, 16};
    Trainer<Char> trainer;
    BatchState<Char> state{16};
    EXPECT_GT(allocations([&] { trainer.train(text, {8, 16}, &state); }), 0u);
    EXPECT_EQ(allocations([&] {
                  for (int k = 0; k < 3; ++k) trainer.train(text, {8, 16}, &state);
              }),
              0u);
    EXPECT_EQ(allocations([&] { trainer.train(text, {8, 16}); }), 0u);
}

TEST(TrainingStep, OfASmallerBatchAllocatesNothingEither) {
    const Text text{8, 16}, larger{4, 33};
    Trainer<Char> trainer;
    trainer.train(text, {8, 16});
    for (Extent extent : {Extent{8, 15}, Extent{7, 16}, Extent{1, 1}, Extent{8, 1}, Extent{1, 16}, Extent{7, 3},
                          Extent{0, 0}, Extent{8, 16, text.lengths.data()}, Extent{8, 5, text.lengths.data()}})
        EXPECT_EQ(allocations([&] { trainer.train(text, extent); }), 0u) << extent.steps << " x " << extent.batch;
    EXPECT_GT(allocations([&] { trainer.train(larger, {4, 33}); }), 0u);
}

TEST(TrainingStep, AfterReserveAllocatesNothing) {
    const Text text{8, 16};
    Trainer<Char> trainer;
    const Tokens x{text.tokens.data(), nullptr, {8, 16}}, y{text.targets.data(), nullptr, {8, 16}};
    trainer.work.reserve<Mode::training>([&](auto& run) { return CrossEntropy{}(run, Char::forward(run, x), y, 1); });
    EXPECT_EQ(allocations([&] { trainer.train(text, {8, 16}); }), 0u);
}

TEST(Forward, AllocatesNothingInTheSteadyState) {
    const Text text{8, 16};
    const Model<Char> model{Seed{1}};
    Workspace<Char> work;
    BatchState<Char> state{16}, kept{16};
    const Tokens x{text.tokens.data(), nullptr, {8, 16}},
        part{text.tokens.data(), nullptr, {7, 3, text.lengths.data()}};
    EXPECT_GT(allocations([&] { work.forward(model, x); }), 0u);
    EXPECT_EQ(allocations([&] {
                  work.forward(model, x);
                  work.forward(model, state, x);
                  work.forward(model, part);
                  kept = state;
                  state.reset();
              }),
              0u);
}

TEST(Step, AllocatesNothingInTheSteadyState) {
    const Text text{8, 16};
    const Model<Char> model{Seed{1}};
    for (int batch : {1, 4}) {
        Workspace<Char> work;
        BatchState<Char> state{batch};
        const Tokens x{text.tokens.data(), nullptr, {1, batch}};
        work.step(model, state, x);
        EXPECT_EQ(allocations([&] {
                      for (int k = 0; k < 10; ++k) work.step(model, state, x);
                  }),
                  0u);
    }
}

/// Every other layer and loss.
template <class Net, class Loss>
void allocates_nothing(const char* what) {
    std::vector<float> x(Net::input_size * 60, 0.5f), dx(x.size()), y(Net::output_size * 60, 0.3f);
    const int lengths[]{3, 10, 0, 7, 10, 1};
    const Model<Net> model{Seed{1}};
    Model<Net> gradient;
    Workspace<Net> work;
    const auto train = [&](Extent extent, Extent target) {
        work.train(model, &gradient, nullptr, {Seed{1}, 1, true}, [&](auto& run) {
            const auto result = Net::forward(run, SequenceView<float, Net::input_size>{x.data(), dx.data(), extent});
            const SequenceView<const float, Net::output_size> wanted{y.data(), nullptr,
                                                                     result.extent.steps == 1 ? target : extent};
            return Loss{}(run, result, wanted, Loss{}.terms(wanted));
        });
    };
    train({10, 6}, {1, 6});
    EXPECT_EQ(allocations([&] {
                  train({10, 6}, {1, 6});
                  train({10, 6, lengths}, {1, 6});
                  train({4, 5}, {1, 5});
              }),
              0u)
        << what;
}

TEST(TrainingStep, OfEveryLayerAllocatesNothing) {
    constexpr Stack both{.layers = 2, .bidirectional = true, .dropout = Rate{20}};
    allocates_nothing<Sequential<Linear<5, 33>, rondo::Tanh<33>, GRU<33, 20, both>, FinalStates<20>, Linear<40, 2>>,
                      MeanSquaredError>("GRU");
    allocates_nothing<
        Sequential<GRUResetBefore<5, 40, both>, Residual<Linear<80, 80>>, rondo::Sigmoid<80>, Linear<80, 1>>,
        BinaryCrossEntropy>("GRUResetBefore");
    allocates_nothing<
        Sequential<LSTM<5, 33, Stack{.layers = 2, .bidirectional = true, .projection = 20}>, Linear<40, 2>>,
        MeanSquaredError>("LSTM with a projection");
    allocates_nothing<Sequential<RNN<5, 30>, rondo::ReLU<30>, ReluRNN<30, 7>, Softmax<7>, LastStep<7>>,
                      MeanSquaredError>("RNN");
}

} // namespace
