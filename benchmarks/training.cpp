// SPDX-License-Identifier: MIT
// Time of one training step, one inference and one streaming step of the character model.
#include <rondo/rondo.hpp>

#include <benchmark/benchmark.h>

#include <vector>

using namespace rondo;

namespace {

template <int symbols, int hidden>
using CharModel = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                             Named<"lstm", LSTM<hidden, hidden, Stack{.layers = 2, .dropout = Rate{20}}>>,
                             Named<"fc", Linear<hidden, symbols>>>;
constexpr int symbols = 26, hidden = 128;
using Net = CharModel<symbols, hidden>;

struct Data {
    Data(int steps, int batch) : extent{steps, batch}, tokens(extent.columns() + std::size_t(batch)) {
        const RandomStream draw{Seed{7}, Purpose::user};
        for (std::size_t k = 0; k < tokens.size(); ++k) tokens[k] = int(uniform_index(draw.wide(k), symbols));
    }
    Batch<Tokens, Tokens> batch() const {
        return {{Tokens{tokens.data(), nullptr, extent}}, Tokens{tokens.data() + extent.batch, nullptr, extent}};
    }
    Extent extent;
    std::vector<int> tokens;
};

void characters(benchmark::State& state, double a_run) {
    state.counters["characters/s"] = benchmark::Counter(a_run, benchmark::Counter::kIsIterationInvariantRate);
}

void training_step(benchmark::State& state) {
    Model<Net> model{Seed{1}};
    Trainer trainer{model, CrossEntropy{}, Adam{}, TrainerSettings{.clip_norm = 5, .threads = int(state.range(1))}};
    const Data data{40, int(state.range(0))};
    for (auto _ : state) benchmark::DoNotOptimize(trainer.step(data.batch()));
    characters(state, double(data.extent.columns()));
}
BENCHMARK(training_step)
    ->ArgNames({"batch", "threads"})
    ->Args({32, 1})
    ->Args({32, 2})
    ->Args({8, 1})
    ->Args({1, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void inference(benchmark::State& state) {
    const Model<Net> model{Seed{1}};
    Workspace<Net> work;
    const Data data{40, int(state.range(0))};
    const auto x = std::get<0>(data.batch().inputs);
    for (auto _ : state) benchmark::DoNotOptimize(work.forward(model, x));
    characters(state, double(data.extent.columns()));
}
BENCHMARK(inference)->ArgName("batch")->Arg(32)->Arg(1)->Unit(benchmark::kMillisecond);

void streaming_step(benchmark::State& state) {
    const Model<Net> model{Seed{1}};
    const Packed packed{model};
    Stream stream{packed};
    int token = 0;
    for (auto _ : state) token = stream.step(token)[3] > 0 ? 1 : 2;
    characters(state, 1);
}
BENCHMARK(streaming_step)->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
