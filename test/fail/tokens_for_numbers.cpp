// SPDX-License-Identifier: MIT
// expect: rondo: the batch's numbers are not of the model's type
// expect: NumbersOf<int>::GivenToModelOf<float>
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
    Samples<int, 3, float, 4> samples{8, Samples<int, 3, float, 4>::Target::each_sequence};
    Model<Net> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
    trainer.step(samples.at(0));
}
