// SPDX-License-Identifier: MIT
// The time of one recurrent layer over 50 steps, for each cell, size and batch size: inference (forward) and training
// (forward and backward).
#include "limit.hpp"

#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/model/workspace.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace rondo;

namespace {

constexpr int steps = 50;

template <class Layer>
struct Bench {
    static constexpr int size = Layer::input_size;
    Model<Layer> model{Seed{1}}, gradient;
    Workspace<Layer> work;
    Extent extent;
    std::vector<float> x, x_gradient;

    explicit Bench(int batch) : extent{steps, batch}, x(extent.columns() * size), x_gradient(x.size()) {
        const RandomStream draw{Seed{2}, Purpose::user};
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = float(draw.normal(k));
    }
    // Floating-point operations of the matrix products of forward: two per weight and column.
    double operations() const {
        return 2.0 * Layer::cell_type::shape.gates * size * (size + size) * double(extent.columns());
    }
    // Size of the recurrent weights, which each step reads.
    static constexpr std::size_t bytes() { return sizeof(float) * Layer::cell_type::shape.gates * size * size; }
    void inference() {
        benchmark::DoNotOptimize(work.forward(model, SequenceView<const float, size>{x.data(), nullptr, extent}));
    }
    void training() {
        const SequenceView<const float, size> input{x.data(), x_gradient.data(), extent};
        const auto y = work.record(model, nullptr, {}, [&](auto& run) { return Layer::forward(run, input); });
        std::fill_n(y.gradient, y.size(), 0.01f);
        work.backward(&gradient);
    }
};

template <class Layer>
void add(const char* cell) {
    const std::string name = std::string{cell} + "/" + std::to_string(Layer::input_size);
    for (const int batch : {1, 32, 128}) {
        const auto named = [&](const char* pass) { return name + "/batch:" + std::to_string(batch) + "/" + pass; };
        // pass: the function to measure; operations: a multiple of those of forward; reads: how often a step reads the
        // recurrent weights; outside_steps: the fraction of the operations that are not in the loop over steps.
        const auto measure = [batch](benchmark::State& state, auto pass, double operations, double reads,
                                     double outside_steps) {
            Bench<Layer> bench{batch};
            pass(bench); // warm-up, which allocates memory
            for (auto _ : state) pass(bench);
            report(state, operations * bench.operations(), bench.bytes(), reads * steps, outside_steps);
        };
        benchmark::RegisterBenchmark(named("inference").c_str(), [measure](benchmark::State& state) {
            measure(state, [](auto& b) { b.inference(); }, 1, 1, 1 / 2.0);
        })->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark(named("training").c_str(), [measure](benchmark::State& state) {
            measure(state, [](auto& b) { b.training(); }, 3, 2, 2 / 3.0);
        })->Unit(benchmark::kMicrosecond);
    }
}

template <int... sizes>
void add_all() {
    (add<LSTM<sizes, sizes>>("LSTM"), ...);
    (add<GRU<sizes, sizes>>("GRU"), ...);
    (add<RNN<sizes, sizes>>("RNN"), ...);
}

} // namespace

int main(int argc, char** argv) {
    add_all<20, 32, 50, 64, 100, 128, 200, 256, 300, 512>();
    return run(argc, argv);
}
