// SPDX-License-Identifier: MIT
// expect: Output<rondo::LSTM<10, 20
// expect: , 20>::FeedsInputOf<rondo::Linear<21, 5>, 21>
// expect: rondo::Sequential: a layer's output size is not the next layer's input size
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::LSTM<10, 20>, rondo::Linear<21, 5>>;

int main() { rondo::Model<Net> model{rondo::Seed{1}}; }
