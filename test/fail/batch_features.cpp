// SPDX-License-Identifier: MIT
// expect: rondo: the batch's features are not the input size of the network
// expect: FeaturesOfBatch<4>::GivenToNetworkOf<3>
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
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
    Samples<float, 4, int, 1> samples{8, Samples<float, 4, int, 1>::Target::each_sequence};
    evaluate(Model<Net>{Seed{1}}, samples, CrossEntropy{});
}
