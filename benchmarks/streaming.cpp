// SPDX-License-Identifier: MIT
// The time of a step of a stream: of a recurrent layer with one input and a linear layer with one output; and of a
// recurrent layer with as many inputs as units, with weights in float, bfloat16 and int8, also for streams together.
#include "limit.hpp"

#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/stream.hpp>
#include <rondo/stream/streams.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

using namespace rondo;

namespace {

template <class Net, class W>
void step(benchmark::State& state) {
    const Model<Net> model{Seed{1}};
    const Packed<Net, EigenBackend<float>, W> weights{model};
    Stream stream{weights};
    std::vector<float> x(std::size_t(Net::input_size), 0.1f);
    for (auto _ : state) {
        x[0] = 0.5f - x[0];
        benchmark::DoNotOptimize(stream.step(std::span<const float, std::size_t(Net::input_size)>{x}));
    }
    report(state, 2.0 * double(Model<Net>::parameters), weights.size);
}

// Each stream's share of the time of a step of `count` streams: one by one, or together.
template <class Net, class W, std::size_t count, bool together>
void share(benchmark::State& state) {
    const Model<Net> model{Seed{1}};
    const Packed<Net, EigenBackend<float>, W> weights{model};
    constexpr auto in = std::size_t(Net::input_size), out = std::size_t(Net::output_size);
    std::vector<float> x(count * in, 0.1f), y(count * out);
    Streams streams{weights, count};
    std::vector<typename decltype(streams)::Handle> all;
    for (std::size_t k = 0; k < count; ++k) all.push_back(streams.join());
    std::vector<Stream<Net, EigenBackend<float>, W>> alone(count, Stream{weights});
    while (state.KeepRunningBatch(count)) {
        for (std::size_t k = 0; k < count; ++k) x[k * in] = 0.5f - x[k * in];
        if constexpr (together) {
            if (!streams.step(all, x, y)) state.SkipWithError("refused");
        } else {
            for (std::size_t k = 0; k < count; ++k)
                std::ranges::copy(alone[k].step(std::span<const float, in>{&x[k * in], in}), &y[k * out]);
        }
        benchmark::ClobberMemory();
    }
    report(state, 2.0 * double(Model<Net>::parameters), weights.size);
}

// The time of each of a million steps: median, p99.9 and worst.
template <class Net>
void worst(benchmark::State& state) {
    using Clock = std::chrono::steady_clock;
    const Model<Net> model{Seed{1}};
    const Packed weights{model};
    Stream stream{weights};
    std::vector<float> times(1'000'000);
    const float x = 0.1f;
    for (auto _ : state)
        for (float& time : times) {
            const auto start = Clock::now();
            benchmark::DoNotOptimize(stream.step(x));
            time = std::chrono::duration<float, std::nano>(Clock::now() - start).count();
        }
    std::ranges::sort(times);
    state.counters["p50_ns"] = double(times[times.size() / 2]);
    state.counters["p99.9_ns"] = double(times[times.size() * 999 / 1000]);
    state.counters["worst_ns"] = double(times.back());
}

template <template <int, int, Stack> class Layer, int size>
void add(const std::string& cell) {
    using Net = Sequential<Layer<1, size, Stack{}>, Linear<size, 1>>;
    const std::string name = "/" + std::to_string(size);
    benchmark::RegisterBenchmark((cell + "/1" + name + "/1").c_str(), step<Net, float>);
    benchmark::RegisterBenchmark((cell + name + name + "/float").c_str(), step<Layer<size, size, Stack{}>, float>);
    benchmark::RegisterBenchmark((cell + name + name + "/bfloat16").c_str(),
                                 step<Layer<size, size, Stack{}>, bfloat16>);
    benchmark::RegisterBenchmark((cell + name + name + "/int8").c_str(), step<Layer<size, size, Stack{}>, std::int8_t>);
    benchmark::RegisterBenchmark((cell + "/1" + name + "/1/each_step").c_str(), worst<Net>)->Iterations(1);
}
template <template <int, int, Stack> class Layer, class W, int size>
void add_shares(const std::string& cell, const std::string& type) {
    using Net = Layer<size, size, Stack{}>;
    const std::string name = cell + "/" + std::to_string(size) + "/" + std::to_string(size) + "/" + type;
    benchmark::RegisterBenchmark((name + "/8_alone").c_str(), share<Net, W, 8, false>);
    benchmark::RegisterBenchmark((name + "/8_together").c_str(), share<Net, W, 8, true>);
    benchmark::RegisterBenchmark((name + "/32_alone").c_str(), share<Net, W, 32, false>);
    benchmark::RegisterBenchmark((name + "/32_together").c_str(), share<Net, W, 32, true>);
}
template <int... sizes>
void add_all_shares() {
    (add_shares<LSTM, float, sizes>("LSTM", "float"), ...);
    (add_shares<LSTM, bfloat16, sizes>("LSTM", "bfloat16"), ...);
    (add_shares<LSTM, std::int8_t, sizes>("LSTM", "int8"), ...);
    (add_shares<GRU, float, sizes>("GRU", "float"), ...);
}
template <int... sizes>
void add_all() {
    (add<LSTM, sizes>("LSTM"), ...);
    (add<GRU, sizes>("GRU"), ...);
    (add<RNN, sizes>("RNN"), ...);
}

} // namespace

int main(int argc, char** argv) {
    add_all_shares<32, 128, 256>();
    add_all<8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300>();
    return run(argc, argv);
}
