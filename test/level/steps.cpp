// SPDX-License-Identifier: MIT
// Compiled once for each of some processors, RONDO_STEPS being another name each time.
#include "steps.hpp"

#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/stream.hpp>

Outputs RONDO_STEPS(const std::vector<float>& parameters, const std::vector<float>& x) {
    using namespace rondo;
    using Net = Sequential<LSTM<3, 33>, GRU<33, 20>, Linear<20, 5>>;
    Model<Net> model;
    model.assign(std::vector<float>(parameters.begin(), parameters.begin() + Model<Net>::size));
    const Packed packed{model};
    Stream stream{packed};
    Outputs outputs{simd::Native::name, std::vector<float>(x.size() / 3 * 5), {}};
    stream.process(x, outputs.streamed);
    Workspace<Net> work;
    const auto y = work.forward(model, SequenceView<const float, 3>{x.data(), nullptr, {int(x.size() / 3), 1}});
    outputs.unrolled.assign(y.value, y.value + y.size());
    return outputs;
}
