// SPDX-License-Identifier: MIT
// RTNeural's models, sized at compile time: a cell between one input and one output, step by step; RTNeural's own tanh.
// RTNEURAL_USE_STL, _EIGEN or _XSIMD chooses its backend.
#include <RTNeural/RTNeural.h>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace {

template <class Cell, int size>
void step(benchmark::State& state) {
    using Net = RTNeural::ModelT<float, 1, 1, Cell, RTNeural::DenseT<float, size, 1>>;
    const auto net = std::make_unique<Net>(); // large networks do not fit on the stack
    net->reset();
    alignas(64) float x[16]{0.1f};
    for (auto _ : state) {
        x[0] = 0.5f - x[0];
        benchmark::DoNotOptimize(net->forward(x));
    }
}

template <int size>
void add() {
    const std::string name = "/1/" + std::to_string(size) + "/1";
    benchmark::RegisterBenchmark(("LSTM" + name).c_str(), step<RTNeural::LSTMLayerT<float, 1, size>, size>);
    benchmark::RegisterBenchmark(("GRU" + name).c_str(), step<RTNeural::GRULayerT<float, 1, size>, size>);
}
template <int... sizes>
void add_all() {
    (add<sizes>(), ...);
}

} // namespace

int main(int argc, char** argv) {
    add_all<8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300>();
    benchmark::Initialize(&argc, argv);
    benchmark::AddCustomContext("version", RTNEURAL_VERSION);
    benchmark::RunSpecifiedBenchmarks();
}
