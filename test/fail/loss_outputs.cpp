// SPDX-License-Identifier: MIT
// expect: rondo: the network's outputs are not as many as the loss needs for a target
// expect: NetworkOutputs<4>::ForTargetsOf<1, 1>
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

using Net = Sequential<GRU<3, 5>, Linear<5, 4>, LastStep<4>>;

int main() {
    Samples<float, 3, float, 1> samples{8, Samples<float, 3, float, 1>::Target::each_sequence};
    Model<Net> model{Seed{1}};
    fit(model, samples, MeanSquaredError{}, Adam{}, {.epochs = 1});
}
