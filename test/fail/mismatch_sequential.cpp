// SPDX-License-Identifier: MIT
// expect: Output<rondo::LSTM<10, 20
// expect: , 20>::FeedsInputOf<rondo::Linear<21, 5>, 21>
// expect: rondo::Sequential: a layer's output size is not the next layer's input size
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

using Net = rondo::Sequential<rondo::LSTM<10, 20>, rondo::Linear<21, 5>>;

int main() {
    rondo::Samples<float, 10, int, 1> data{4, rondo::Samples<float, 10, int, 1>::Target::each_step};
    rondo::Model<Net> model{rondo::Seed{1}};
    fit(model, data, rondo::CrossEntropy{}, rondo::Adam{});
}
