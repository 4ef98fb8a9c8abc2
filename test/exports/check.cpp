// SPDX-License-Identifier: MIT
// check CASES: reads each export that the file CASES lists and runs its layers one by one on the inputs beside it; the
// programs that make exports are beside this one. A line for each: its name, and how far it is apart or why it is not
// read.
#include <rondo/io/onnx.hpp>
#include <rondo/io/safetensors.hpp>
#include <rondo/rondo.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace rondo;
constexpr Stack both_ways{.bidirectional = true}, from_the_end{.reversed = true};

/// Steps x sequences x features.
struct Data {
    int steps = 0, batch = 0;
    std::vector<float> values;
    const int* lengths = nullptr; // of the sequences, where they differ
};
/// Numbers of a tensor, and its shape.
template <class S>
struct Numbers {
    std::vector<std::size_t> shape;
    std::vector<S> values;
};
/// The states that the caller gives: components, each of all layers and directions.
struct States {
    std::vector<Numbers<float>> components;
    std::size_t used = 0; // of the layers and directions
};
constexpr std::size_t most_components = 2;

template <class S>
Numbers<S> numbers(const io::SafetensorsFile& file, const char* name) {
    Numbers<S> result;
    if (const io::TensorInfo* info = file.find(name)) {
        result.shape = info->shape;
        const auto bytes = file.bytes(*info);
        result.values.resize(bytes.size() / sizeof(S));
        std::memcpy(result.values.data(), bytes.data(), bytes.size());
    }
    return result;
}

/// A recurrent layer that begins with states it is given.
template <class Layer>
struct From : Network<Named<"layer", Layer>> {
    static constexpr int input_size = Layer::input_size;
    static auto forward(auto& run, auto x, auto initial) {
        const auto [y, final] = run(layer<"layer">, x, initial);
        return y;
    }
};

template <class Net, class X>
consteval int features() {
    if constexpr (std::is_same_v<X, int>) return 1;
    else return Net::input_size;
}
template <class Net, class X, class... Initial>
Data run(const Model<Net>& model, const Data& at, const std::vector<X>& values, const Initial&... initial) {
    constexpr int in = features<Net, X>();
    Workspace<Net, EigenBackend<float>> work;
    const auto y = work.forward(
        model, SequenceView<const X, in>{values.data(), nullptr, {at.steps, at.batch, at.lengths}}, initial...);
    return {y.extent.steps, y.extent.batch, {y.value, y.value + y.size()}, y.extent.lengths};
}

/// A layer of one network that fits; its state from the file, or the caller's.
struct Run {
    const io::ModelWeights& weights;
    const Data& x;
    const std::vector<int>& tokens;
    States& given;

    template <class Net>
    Data operator()(Model<Net> model, const State<Net, float>&) const {
        if constexpr (requires { Net::vocabulary; }) {
            return run(model, x, tokens);
        } else if constexpr (requires { typename Net::cell_type; }) {
            using Initial = typename Net::template StatesOf<float>;
            const std::size_t directions = std::size_t(Net::directions), row = std::size_t(Net::hidden_size),
                              batch = std::size_t(x.batch), size = directions * batch * row;
            Initial initial{.batch = x.batch};
            std::vector<float> all[most_components];
            for (std::size_t c = 0; c < std::size_t(Net::components); ++c) {
                const auto& first = weights.layers[0].first;
                if (c < given.components.size()) {
                    const auto from = given.components[c].values.begin() + std::ptrdiff_t(given.used * batch * row);
                    all[c].assign(from, from + std::ptrdiff_t(size));
                } else
                    for (std::size_t k = 0; k < size; ++k) { // of all sequences
                        const std::size_t direction = k / (batch * row);
                        all[c].push_back(first.empty() ? 0.0f
                                                       : float(first[(c * directions + direction) * row + k % row]));
                    }
                initial.value[int(c)] = all[c].data();
            }
            given.used += directions;
            Model<From<Net>> beginning;
            beginning.assign(model.values());
            return run(beginning, x, x.values, initial);
        } else {
            return run(model, x, x.values);
        }
    }
};

template <int in>
Data of_input(const io::ModelWeights& weights, const Run& run) {
    return dispatch<RNN<in, 5>, RNN<in, 5, both_ways>, ReluRNN<in, 5>, ReluRNN<in, 5, both_ways>, LSTM<in, 5>,
                    LSTM<in, 5, both_ways>, GRU<in, 5>, GRU<in, 5, both_ways>, GRUResetBefore<in, 5>,
                    GRUResetBefore<in, 5, both_ways>, LSTM<in, 5, from_the_end>, GRU<in, 5, from_the_end>,
                    RNN<in, 5, from_the_end>>(weights, run);
}

Data of_layer(const io::ModelWeights& weights, const Run& run) {
    const LayerFacts& facts = weights.layers[0].facts;
    if (is_recurrent(facts.kind)) {
        if (facts.input == 1) return of_input<1>(weights, run);
        if (facts.input == 3) return of_input<3>(weights, run);
        if (facts.input == 5) return of_input<5>(weights, run);
        return of_input<10>(weights, run);
    }
    return dispatch<Embedding<7, 3>, Linear<3, 5>, Linear<5, 1>, Linear<5, 2>, Linear<10, 1>, Linear<10, 2>,
                    LinearWithoutBias<5, 1>, LinearWithoutBias<5, 2>, LinearWithoutBias<10, 1>,
                    LinearWithoutBias<10, 2>, ReLU<5>, Tanh<1>, Sigmoid<1>, Softmax<2>, LastStep<5>, LastStep<10>,
                    FirstStep<5>, FinalStates<5>>(weights, run);
}

/// How far the network's output is from the file's.
float apart(const io::ModelWeights& weights, const io::SafetensorsFile& file) {
    Data x;
    const auto tokens = numbers<int>(file, "tokens");
    const auto real = numbers<float>(file, "x");
    const auto& shape = tokens.shape.empty() ? real.shape : tokens.shape;
    const auto lengths = numbers<int>(file, "lengths");
    x = {int(shape[0]), int(shape[1]), real.values, lengths.values.empty() ? nullptr : lengths.values.data()};
    States given;
    for (const char* name : {"h0", "c0"})
        if (auto component = numbers<float>(file, name); !component.values.empty())
            given.components.push_back(std::move(component));
    for (const io::LayerWeights& layer : weights.layers) {
        const io::ModelWeights one{weights.source, {layer}, {}, {}};
        x = of_layer(one, {one, x, tokens.values, given});
    }
    const auto y = numbers<float>(file, "y");
    if (y.values.size() != x.values.size()) return std::numeric_limits<float>::infinity();
    float most = 0;
    const std::size_t columns = std::size_t(x.steps) * std::size_t(x.batch), size = y.values.size() / columns;
    for (std::size_t k = 0; k < y.values.size(); ++k) {
        const std::size_t column = k / size, step = column / std::size_t(x.batch), b = column % std::size_t(x.batch);
        if (x.lengths && step >= std::size_t(x.lengths[b])) continue; // padding
        most = std::max(most, std::abs(y.values[k] - x.values[k]));
    }
    return most;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("check CASES: a file of lines PATH<tab>OUTPUT\n", stderr), 2;
    std::ifstream list{argv[1]};
    for (std::string line; std::getline(list, line);) {
        const auto tab = line.find('\t');
        const std::string path = line.substr(0, tab), output = line.substr(tab + 1);
        try {
            const auto weights = io::read_onnx(std::filesystem::path{path}, {.output = output});
            std::string layers;
            for (const auto& layer : weights.layers) layers += (layers.empty() ? "" : "; ") + describe(layer.facts);
            const io::SafetensorsFile file{std::filesystem::path{path + ".data"}};
            std::printf("%s\t%.1e\t%s\n", path.c_str(), double(apart(weights, file)), layers.c_str());
        } catch (const std::exception& error) {
            std::printf("%s\t-\t%s\n", path.c_str(), error.what());
        }
    }
}
