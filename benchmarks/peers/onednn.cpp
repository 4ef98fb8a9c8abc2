// SPDX-License-Identifier: MIT
// oneDNN's LSTM with weights in its preferred layouts: one step, inference of a sequence, and forward with backward.
#include <benchmark/benchmark.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <cstring>
#include <string>
#include <unordered_map>

namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;
constexpr auto forwards = dnnl::rnn_direction::unidirectional_left2right;

struct LSTM {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    memory::desc x, state, bias, any;

    LSTM(int steps, int batch, int size)
        : x{{steps, batch, size}, memory::data_type::f32, memory::format_tag::tnc},
          state{{1, 1, batch, size}, memory::data_type::f32, memory::format_tag::ldnc},
          bias{{1, 1, 4, size}, memory::data_type::f32, memory::format_tag::ldgo},
          any{{1, 1, size, 4, size}, memory::data_type::f32, memory::format_tag::any} {}

    memory filled(const memory::desc& what, float value = 0) const {
        memory m{what, engine};
        auto* const numbers = static_cast<float*>(m.get_data_handle());
        for (std::size_t k = 0; k < what.get_size() / sizeof(float); ++k)
            numbers[k] = value * float(int(k * 7919 % 200) - 100) / 100;
        return m;
    }
    auto description(dnnl::prop_kind kind) const {
        return dnnl::lstm_forward::primitive_desc{{kind, forwards, x, state, state, any, any, bias, x, state, state},
                                                  engine};
    }
    Arguments arguments(const dnnl::lstm_forward::primitive_desc& of) const {
        return {{DNNL_ARG_SRC_LAYER, filled(x, 1)},
                {DNNL_ARG_SRC_ITER, filled(state)},
                {DNNL_ARG_SRC_ITER_C, filled(state)},
                {DNNL_ARG_WEIGHTS_LAYER, filled(of.weights_layer_desc(), 0.1f)},
                {DNNL_ARG_WEIGHTS_ITER, filled(of.weights_iter_desc(), 0.1f)},
                {DNNL_ARG_BIAS, filled(bias, 0.1f)},
                {DNNL_ARG_DST_LAYER, filled(x)},
                {DNNL_ARG_DST_ITER, filled(state)},
                {DNNL_ARG_DST_ITER_C, filled(state)}};
    }
};

void infer(benchmark::State& state, int steps, int batch, int size) {
    LSTM lstm{steps, batch, size};
    const auto description = lstm.description(dnnl::prop_kind::forward_inference);
    const dnnl::lstm_forward forward{description};
    const Arguments arguments = lstm.arguments(description);
    for (auto _ : state) {
        forward.execute(lstm.stream, arguments);
        lstm.stream.wait();
    }
}

void train(benchmark::State& state, int steps, int batch, int size) {
    LSTM lstm{steps, batch, size};
    const auto of_forward = lstm.description(dnnl::prop_kind::forward_training);
    const dnnl::lstm_backward::primitive_desc of_backward{{dnnl::prop_kind::backward,
                                                           forwards,
                                                           lstm.x,
                                                           lstm.state,
                                                           lstm.state,
                                                           lstm.any,
                                                           lstm.any,
                                                           lstm.bias,
                                                           lstm.x,
                                                           lstm.state,
                                                           lstm.state,
                                                           lstm.x,
                                                           lstm.state,
                                                           lstm.state,
                                                           lstm.any,
                                                           lstm.any,
                                                           lstm.bias,
                                                           lstm.x,
                                                           lstm.state,
                                                           lstm.state},
                                                          lstm.engine,
                                                          of_forward};
    const dnnl::lstm_forward forward{of_forward};
    const dnnl::lstm_backward backward{of_backward};
    Arguments ahead = lstm.arguments(of_forward);
    ahead[DNNL_ARG_WORKSPACE] = lstm.filled(of_forward.workspace_desc());
    Arguments back = ahead;
    const memory W = lstm.filled(of_backward.weights_layer_desc()), U = lstm.filled(of_backward.weights_iter_desc());
    back[DNNL_ARG_WEIGHTS_LAYER] = W;
    back[DNNL_ARG_WEIGHTS_ITER] = U;
    back[DNNL_ARG_DIFF_SRC_LAYER] = lstm.filled(lstm.x);
    back[DNNL_ARG_DIFF_SRC_ITER] = back[DNNL_ARG_DIFF_SRC_ITER_C] = lstm.filled(lstm.state);
    back[DNNL_ARG_DIFF_WEIGHTS_LAYER] = lstm.filled(of_backward.diff_weights_layer_desc());
    back[DNNL_ARG_DIFF_WEIGHTS_ITER] = lstm.filled(of_backward.diff_weights_iter_desc());
    back[DNNL_ARG_DIFF_BIAS] = lstm.filled(lstm.bias);
    back[DNNL_ARG_DIFF_DST_LAYER] = lstm.filled(lstm.x, 0.01f);
    back[DNNL_ARG_DIFF_DST_ITER] = back[DNNL_ARG_DIFF_DST_ITER_C] = lstm.filled(lstm.state);
    // Training changes the weights in every step, so reordering them to backward's layout is part of the measurement.
    const dnnl::reorder turn_W{ahead[DNNL_ARG_WEIGHTS_LAYER], W}, turn_U{ahead[DNNL_ARG_WEIGHTS_ITER], U};
    memory from_W = ahead[DNNL_ARG_WEIGHTS_LAYER], from_U = ahead[DNNL_ARG_WEIGHTS_ITER], to_W = W, to_U = U;
    for (auto _ : state) {
        forward.execute(lstm.stream, ahead);
        turn_W.execute(lstm.stream, from_W, to_W);
        turn_U.execute(lstm.stream, from_U, to_U);
        backward.execute(lstm.stream, back);
        lstm.stream.wait();
    }
}

} // namespace

int main(int argc, char** argv) {
    using benchmark::RegisterBenchmark;
    for (const int size : {8, 16, 20, 24, 32, 40, 64, 80, 128, 256}) {
        const std::string name = "LSTM/" + std::to_string(size) + "/" + std::to_string(size) + "/float";
        RegisterBenchmark(name.c_str(), [size](benchmark::State& state) { infer(state, 1, 1, size); });
    }
    for (const int size : {32, 64, 128, 256, 512})
        for (const int batch : {1, 32, 128}) {
            const std::string name = "LSTM/" + std::to_string(size) + "/batch:" + std::to_string(batch);
            RegisterBenchmark((name + "/inference").c_str(), [=](benchmark::State& state) {
                infer(state, 50, batch, size);
            })->Unit(benchmark::kMicrosecond);
            RegisterBenchmark((name + "/training").c_str(), [=](benchmark::State& state) {
                train(state, 50, batch, size);
            })->Unit(benchmark::kMicrosecond);
        }
    benchmark::Initialize(&argc, argv);
    const dnnl_version_t* version = dnnl_version();
    benchmark::AddCustomContext("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                                               std::to_string(version->patch));
    benchmark::RunSpecifiedBenchmarks();
}
