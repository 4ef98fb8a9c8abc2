// SPDX-License-Identifier: MIT
// expect: MetricOf<rondo::metric::MAE>::GivenOutputsAndTargets<float, int>
// expect: rondo::evaluate: a metric takes no columns of these outputs and targets
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/metric/regression.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

int main() {
    Samples<float, 3, int, 1> samples{8, Samples<float, 3, int, 1>::Target::each_step};
    evaluate(Model<GRU<3, 5>>{Seed{1}}, samples, CrossEntropy{}, metric::MAE{});
}
