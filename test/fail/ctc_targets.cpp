// SPDX-License-Identifier: MIT
// expect: rondo: this loss takes targets that are sequences of labels, one int each, not numbers
// expect: TargetsOf<float>::GivenToLossOfLabels<rondo::CTC>
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/loss/ctc.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

int main() {
    Samples<float, 3, float, 1> samples{8, Samples<float, 3, float, 1>::Target::each_step};
    Model<GRU<3, 5>> model{Seed{1}};
    fit(model, samples, CTC{}, Adam{}, {.epochs = 1});
}
