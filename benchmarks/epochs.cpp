// SPDX-License-Identifier: MIT
// An epoch of three models of the tutorial: characters, a series, reviews, the last two also with two threads.
#include "limit.hpp"

#include <rondo/rondo.hpp>

#include <cmath>
#include <vector>

using namespace rondo;

namespace {

// The same sizes, batches, optimizer and clipping as in peers/pytorch.py.
using Characters =
    Sequential<Embedding<26, 128>, LSTM<128, 128, Stack{.layers = 2, .dropout = Rate{20}}>, Linear<128, 26>>;
using Forecaster = Sequential<GRU<1, 50, Stack{.layers = 2, .dropout = Rate{20}}>, LastStep<50>, Linear<50, 1>>;
using Reviews =
    Sequential<Embedding<100, 100, 0>, LSTM<100, 256, Stack{.layers = 2, .bidirectional = true, .dropout = Rate{50}}>,
               FinalStates<256>, Linear<512, 64>, ReLU<64>, Dropout<64, Rate{50}>, Linear<64, 1>>;

template <class Net, class Loss, class Data>
void epoch(benchmark::State& state, const Loss& loss, Data& batches, int threads) {
    Model<Net> model{Seed{1}};
    Trainer trainer{model, loss, Adam{}, TrainerSettings{.clip_norm = 5, .threads = threads}};
    std::int64_t number = 0;
    const auto run = [&] {
        batches.begin_epoch(Seed{1}, number++);
        for (std::size_t k = 0; k < batches.count(); ++k) benchmark::DoNotOptimize(trainer.step(batches.at(k)));
    };
    run(); // warm-up, which allocates memory
    for (auto _ : state) run();
}

std::vector<int> tokens(std::size_t count, std::uint32_t below) {
    std::vector<int> all(count);
    const RandomStream draw{Seed{7}, Purpose::user};
    for (std::size_t k = 0; k < count; ++k) all[k] = int(uniform_index(draw.wide(k), below));
    return all;
}

void characters(benchmark::State& state) {
    const std::vector<int> text = tokens(307, 26); // 267 windows of 40
    TokenWindows batches{text, 40, 32};
    epoch<Characters>(state, CrossEntropy{}, batches, int(state.range(0)));
}
void series(benchmark::State& state) {
    std::vector<float> sine(810); // 760 windows of 50
    for (std::size_t t = 0; t < sine.size(); ++t) sine[t] = std::sin(float(t) / 8);
    SeriesWindows<float, 1> batches{sine, {.length = 50, .batch = 32}};
    epoch<Forecaster>(state, MeanSquaredError{}, batches, int(state.range(0)));
}
void reviews(benchmark::State& state) {
    Samples<int, 1, float, 1> batches{10, Samples<int, 1, float, 1>::Target::each_sequence, 0};
    for (std::size_t k = 0; k < 10; ++k) {
        const float label = k % 2 ? 1.0f : 0.0f;
        batches.add(tokens(11 + k, 100), {&label, 1}); // 11 to 20 words
    }
    epoch<Reviews>(state, BinaryCrossEntropy{}, batches, int(state.range(0)));
}

} // namespace

int main(int argc, char** argv) {
    for (const int threads : {1, 2})
        for (const auto& [name, run] :
             {std::pair{"characters", &characters}, {"series", &series}, {"reviews", &reviews}})
            benchmark::RegisterBenchmark((std::string{"epoch/"} + name).c_str(), run)
                ->ArgName("threads")
                ->Arg(threads)
                ->UseRealTime()
                ->Unit(benchmark::kMillisecond);
    return run(argc, argv);
}
