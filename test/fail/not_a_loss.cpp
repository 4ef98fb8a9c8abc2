// SPDX-License-Identifier: MIT
// expect: rondo: the loss does not take these outputs and targets, or is no loss
// expect: GivenToLoss<Half>
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

struct Half : MeanSquaredError { // gives a number
    double operator()(auto&, const auto&, const auto&, double) const { return 0.5; }
};
using Net = Sequential<GRU<3, 5>, Linear<5, 4>, LastStep<4>>;

int main() {
    Samples<float, 3, float, 4> samples{8, Samples<float, 3, float, 4>::Target::each_sequence};
    Model<Net> model{Seed{1}};
    fit(model, samples, Half{}, Adam{}, {.epochs = 1});
}
