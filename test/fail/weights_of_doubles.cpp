// SPDX-License-Identifier: MIT
// expect: rondo: the weights of samples are not of the model's type
// expect: WeightsOf<double>::GivenToModelOf<float>
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

using Net = Sequential<GRU<3, 5>, Linear<5, 4>, LastStep<4>>;

int main() {
    Samples<float, 3, int, 1> samples{8, Samples<float, 3, int, 1>::Target::each_sequence};
    WeightedSamples weighted{samples, std::vector<double>()};
    Model<Net> model{Seed{1}};
    fit(model, weighted, CrossEntropy{}, Adam{}, {.epochs = 1});
}
