// SPDX-License-Identifier: MIT
// expect: rondo: this loss takes targets that are numbers, not classes or tokens
// expect: TargetsOf<int>::GivenToLossOfNumbers<rondo::GaussianNLL>
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/gaussian_nll.hpp>
#include <rondo/metric/accuracy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

using Net = Sequential<GRU<3, 5>, Linear<5, 4>, LastStep<4>>;

int main() {
    Samples<float, 3, int, 1> samples{8, Samples<float, 3, int, 1>::Target::each_sequence};
    evaluate(Model<Net>{Seed{1}}, samples, GaussianNLL{}, metric::Accuracy{});
}
