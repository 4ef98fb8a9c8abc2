// SPDX-License-Identifier: MIT
// expect: rondo::evaluate: an argument after the loss is no metric; a trainer has a loss of its own
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/metric/regression.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

int main() {
    Samples<float, 3, float, 5> samples{8, Samples<float, 3, float, 5>::Target::each_sequence};
    Model<GRU<3, 5>> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
    evaluate(trainer, samples, MeanSquaredError{}, metric::MSE{});
}
