// SPDX-License-Identifier: MIT
// libtorch's LSTM, GRU and RNN: one step of LSTMCell, a sequence's inference, and forward with backward.
#include <torch/torch.h>

#include <benchmark/benchmark.h>

#include <string>

namespace {

void step(benchmark::State& state, int size) {
    const torch::NoGradGuard guard;
    torch::nn::LSTMCell cell{size, size};
    const auto x = torch::full({1, size}, 0.1f);
    auto carried = std::tuple{torch::zeros({1, size}), torch::zeros({1, size})};
    const auto run = [&] { carried = cell->forward(x, carried); };
    run(); // warm-up
    for (auto _ : state) run();
}

template <class Layer>
void infer(benchmark::State& state, int size, int batch) {
    const torch::NoGradGuard guard;
    Layer layer{size, size};
    const auto x = torch::randn({50, batch, size});
    benchmark::DoNotOptimize(layer->forward(x)); // warm-up
    for (auto _ : state) benchmark::DoNotOptimize(layer->forward(x));
}

template <class Layer>
void train(benchmark::State& state, int size, int batch) {
    Layer layer{size, size};
    const auto x = torch::randn({50, batch, size}, torch::requires_grad());
    const auto dy = torch::full({50, batch, size}, 0.01f);
    const auto run = [&] {
        layer->zero_grad();
        x.mutable_grad() = torch::Tensor{};
        std::get<0>(layer->forward(x)).backward(dy);
    };
    run(); // warm-up
    for (auto _ : state) run();
}

template <class Layer>
void add(const std::string& cell) {
    using benchmark::RegisterBenchmark;
    for (const int size : {20, 32, 50, 64, 100, 128, 200, 256, 300, 512})
        for (const int batch : {1, 32, 128}) {
            const std::string name = cell + "/" + std::to_string(size) + "/batch:" + std::to_string(batch);
            RegisterBenchmark((name + "/inference").c_str(), [=](benchmark::State& state) {
                infer<Layer>(state, size, batch);
            })->Unit(benchmark::kMicrosecond);
            RegisterBenchmark((name + "/training").c_str(), [=](benchmark::State& state) {
                train<Layer>(state, size, batch);
            })->Unit(benchmark::kMicrosecond);
        }
}

} // namespace

int main(int argc, char** argv) {
    torch::set_num_threads(1);
    for (const int size : {8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300}) {
        const std::string name = "LSTM/" + std::to_string(size) + "/" + std::to_string(size) + "/float";
        benchmark::RegisterBenchmark(name.c_str(), [size](benchmark::State& state) { step(state, size); });
    }
    add<torch::nn::LSTM>("LSTM");
    add<torch::nn::GRU>("GRU");
    add<torch::nn::RNN>("RNN");
    benchmark::Initialize(&argc, argv);
    benchmark::AddCustomContext("version", TORCH_VERSION);
    benchmark::RunSpecifiedBenchmarks();
}
