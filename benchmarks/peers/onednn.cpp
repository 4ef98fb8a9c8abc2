// SPDX-License-Identifier: MIT
// oneDNN's LSTM, GRU (reset after the product) and RNN: one step, inference of a sequence, and forward with backward.
// Compiles with oneDNN 2 and 3. LAYOUT is that of the weights: by default what oneDNN prefers; a plain one, ldigo, is
// faster for some sizes.
#include <benchmark/benchmark.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <string>
#include <unordered_map>

namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;
constexpr auto forwards = dnnl::rnn_direction::unidirectional_left2right;
#ifndef LAYOUT
#define LAYOUT any
#endif

/// A primitive's description from those of its operands; a backward also takes that of its forward.
template <class Primitive, class... Operands>
auto describe(const dnnl::engine& engine, const Operands&... operands) {
#if DNNL_VERSION_MAJOR >= 3
    return typename Primitive::primitive_desc{engine, operands...};
#else
    return typename Primitive::primitive_desc{typename Primitive::desc{operands...}, engine};
#endif
}
template <class Primitive, class Forward, class... Operands>
auto describe_backward(const dnnl::engine& engine, const Forward& forward, const Operands&... operands) {
#if DNNL_VERSION_MAJOR >= 3
    return typename Primitive::primitive_desc{engine, operands..., forward};
#else
    return typename Primitive::primitive_desc{typename Primitive::desc{operands...}, engine, forward};
#endif
}

struct LSTM {
    static constexpr int gates = 4, biases = 4;
    static constexpr bool has_cell_state = true;
    using forward = dnnl::lstm_forward;
    using backward = dnnl::lstm_backward;
};
struct GRU {
    static constexpr int gates = 3, biases = 4;
    static constexpr bool has_cell_state = false;
    using forward = dnnl::lbr_gru_forward;
    using backward = dnnl::lbr_gru_backward;
};
struct RNN {
    static constexpr int gates = 1, biases = 1;
    static constexpr bool has_cell_state = false;
    using forward = dnnl::vanilla_rnn_forward;
    using backward = dnnl::vanilla_rnn_backward;
};

template <class Cell>
struct Layer {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    memory::dims weights_dims;
    memory::desc x, state, bias, any;

    Layer(int steps, int batch, int size)
        : weights_dims{1, 1, size, Cell::gates, size},
          x{{steps, batch, size}, memory::data_type::f32, memory::format_tag::tnc},
          state{{1, 1, batch, size}, memory::data_type::f32, memory::format_tag::ldnc},
          bias{{1, 1, Cell::biases, size}, memory::data_type::f32, memory::format_tag::ldgo},
          any{weights_dims, memory::data_type::f32, memory::format_tag::LAYOUT} {}

    memory filled(const memory::desc& what, float value = 0) const {
        memory m{what, engine};
        auto* const numbers = static_cast<float*>(m.get_data_handle());
        for (std::size_t k = 0; k < what.get_size() / sizeof(float); ++k)
            numbers[k] = value * float(int(k * 7919 % 200) - 100) / 100;
        return m;
    }
    /// Weights in the layout of `what`, reordered from a plain one: a packed layout has a header of its own.
    memory weights(const memory::desc& what) {
        const memory::desc plain{weights_dims, memory::data_type::f32, memory::format_tag::ldigo};
        memory from = filled(plain, 0.1f), to{what, engine};
        dnnl::reorder{from, to}.execute(stream, from, to);
        stream.wait();
        return to;
    }
    auto description(dnnl::prop_kind kind) const {
        using Forward = typename Cell::forward;
        if constexpr (Cell::has_cell_state)
            return describe<Forward>(engine, kind, forwards, x, state, state, any, any, bias, x, state, state);
        else if constexpr (Cell::gates == 1)
            return describe<Forward>(engine, kind, dnnl::algorithm::eltwise_tanh, forwards, x, state, any, any, bias, x,
                                     state);
        else return describe<Forward>(engine, kind, forwards, x, state, any, any, bias, x, state);
    }
    template <class Description>
    auto backward_description(const Description& forward) const {
        using Backward = typename Cell::backward;
        constexpr auto kind = dnnl::prop_kind::backward;
        if constexpr (Cell::has_cell_state)
            return describe_backward<Backward>(engine, forward, kind, forwards, x, state, state, any, any, bias, x,
                                               state, state, x, state, state, any, any, bias, x, state, state);
        else if constexpr (Cell::gates == 1)
            return describe_backward<Backward>(engine, forward, kind, dnnl::algorithm::eltwise_tanh, forwards, x, state,
                                               any, any, bias, x, state, x, state, any, any, bias, x, state);
        else
            return describe_backward<Backward>(engine, forward, kind, forwards, x, state, any, any, bias, x, state, x,
                                               state, any, any, bias, x, state);
    }
    template <class Description>
    Arguments arguments(const Description& of) {
        Arguments all{{DNNL_ARG_SRC_LAYER, filled(x, 1)},
                      {DNNL_ARG_SRC_ITER, filled(state)},
                      {DNNL_ARG_WEIGHTS_LAYER, weights(of.weights_layer_desc())},
                      {DNNL_ARG_WEIGHTS_ITER, weights(of.weights_iter_desc())},
                      {DNNL_ARG_BIAS, filled(bias, 0.1f)},
                      {DNNL_ARG_DST_LAYER, filled(x)},
                      {DNNL_ARG_DST_ITER, filled(state)}};
        if (Cell::has_cell_state) all[DNNL_ARG_SRC_ITER_C] = all[DNNL_ARG_DST_ITER_C] = filled(state);
        return all;
    }
};

template <class Cell>
void infer(benchmark::State& state, int steps, int batch, int size) {
    Layer<Cell> layer{steps, batch, size};
    const auto description = layer.description(dnnl::prop_kind::forward_inference);
    const typename Cell::forward forward{description};
    const Arguments arguments = layer.arguments(description);
    const auto run = [&] {
        forward.execute(layer.stream, arguments);
        layer.stream.wait();
    };
    run(); // warm-up: generates code
    for (auto _ : state) run();
}

template <class Cell>
void train(benchmark::State& state, int steps, int batch, int size) {
    Layer<Cell> layer{steps, batch, size};
    const auto of_forward = layer.description(dnnl::prop_kind::forward_training);
    const auto of_backward = layer.backward_description(of_forward);
    const typename Cell::forward forward{of_forward};
    const typename Cell::backward backward{of_backward};
    Arguments ahead = layer.arguments(of_forward);
    ahead[DNNL_ARG_WORKSPACE] = layer.filled(of_forward.workspace_desc());
    Arguments back = ahead;
    const memory W = layer.weights(of_backward.weights_layer_desc()),
                 U = layer.weights(of_backward.weights_iter_desc());
    back[DNNL_ARG_WEIGHTS_LAYER] = W;
    back[DNNL_ARG_WEIGHTS_ITER] = U;
    back[DNNL_ARG_DIFF_SRC_LAYER] = layer.filled(layer.x);
    back[DNNL_ARG_DIFF_SRC_ITER] = layer.filled(layer.state);
    back[DNNL_ARG_DIFF_WEIGHTS_LAYER] = layer.filled(of_backward.diff_weights_layer_desc());
    back[DNNL_ARG_DIFF_WEIGHTS_ITER] = layer.filled(of_backward.diff_weights_iter_desc());
    back[DNNL_ARG_DIFF_BIAS] = layer.filled(layer.bias);
    back[DNNL_ARG_DIFF_DST_LAYER] = layer.filled(layer.x, 0.01f);
    back[DNNL_ARG_DIFF_DST_ITER] = layer.filled(layer.state);
    if (Cell::has_cell_state)
        back[DNNL_ARG_DIFF_SRC_ITER_C] = back[DNNL_ARG_DIFF_DST_ITER_C] = layer.filled(layer.state);
    // Training changes the weights in every step, so reordering them to backward's layout is part of the measurement.
    const dnnl::reorder turn_W{ahead[DNNL_ARG_WEIGHTS_LAYER], W}, turn_U{ahead[DNNL_ARG_WEIGHTS_ITER], U};
    memory from_W = ahead[DNNL_ARG_WEIGHTS_LAYER], from_U = ahead[DNNL_ARG_WEIGHTS_ITER], to_W = W, to_U = U;
    const auto run = [&] {
        forward.execute(layer.stream, ahead);
        turn_W.execute(layer.stream, from_W, to_W);
        turn_U.execute(layer.stream, from_U, to_U);
        backward.execute(layer.stream, back);
        layer.stream.wait();
    };
    run(); // warm-up: generates code
    for (auto _ : state) run();
}

template <class Cell>
void add(const std::string& cell) {
    using benchmark::RegisterBenchmark;
    for (const int size : {8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300}) {
        const std::string name = cell + "/" + std::to_string(size) + "/" + std::to_string(size) + "/float";
        RegisterBenchmark(name.c_str(), [size](benchmark::State& state) { infer<Cell>(state, 1, 1, size); });
    }
    for (const int size : {20, 32, 50, 64, 100, 128, 200, 256, 300, 512})
        for (const int batch : {1, 32, 128}) {
            const std::string name = cell + "/" + std::to_string(size) + "/batch:" + std::to_string(batch);
            RegisterBenchmark((name + "/inference").c_str(), [=](benchmark::State& state) {
                infer<Cell>(state, 50, batch, size);
            })->Unit(benchmark::kMicrosecond);
            RegisterBenchmark((name + "/training").c_str(), [=](benchmark::State& state) {
                train<Cell>(state, 50, batch, size);
            })->Unit(benchmark::kMicrosecond);
        }
}

} // namespace

int main(int argc, char** argv) {
    add<LSTM>("LSTM");
    add<GRU>("GRU");
    add<RNN>("RNN");
    benchmark::Initialize(&argc, argv);
    const dnnl_version_t* version = dnnl_version();
    benchmark::AddCustomContext("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                                               std::to_string(version->patch));
    benchmark::RunSpecifiedBenchmarks();
}
