// SPDX-License-Identifier: MIT
// Sequences of different lengths in a mini-batch: padding is neither read nor written.
#include <rondo/data/samples.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

using namespace rondo;
using Net = Sequential<LSTM<1, 8, Stack{.bidirectional = true}>, FinalStates<8>, Linear<16, 1>>;

int main() {
    // Each sequence's target is its mean.
    Samples<float, 1, float, 1> samples{16, Samples<float, 1, float, 1>::Target::each_sequence};
    for (std::size_t k = 0; k < 200; ++k) {
        std::vector<float> x(1 + k % 9);
        float mean = 0;
        for (std::size_t t = 0; t < x.size(); ++t) mean += (x[t] = std::sin(float(k * 7 + t))) / float(x.size());
        samples.add(x, {&mean, 1});
    }
    samples.group_by_length(4); // mini-batches of similar lengths, from pools of four mini-batches
    Model<Net> model{Seed{1}};
    fit(model, samples, MeanSquaredError{}, Adam{.rate = 1e-2}, {.epochs = 10});
    std::printf("mean squared error: %g\n", evaluate(model, samples, MeanSquaredError{}).mean());

    // A batch made by hand: 3 steps of 2 sequences, of which the second has one step only.
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    const std::array<float, 6> x{1, 2, 3, none, 5, none};
    const std::array<int, 2> lengths{3, 1};
    Workspace<Net> work;
    const auto y = work.forward(model, SequenceView<const float, 1>{x.data(), nullptr, {3, 2, lengths.data()}});
    std::printf("%g %g\n", double(y.value[0]), double(y.value[1]));
    return std::isfinite(y.value[0]) && std::isfinite(y.value[1]) ? 0 : 1;
}
