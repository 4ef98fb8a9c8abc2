// SPDX-License-Identifier: MIT
// expect: Output<rondo::Named<
// expect: rondo::LSTM<10, 20,
// expect: , 40>::FeedsInputOf<rondo::Named<
// expect: rondo::Linear<20, 5>
// expect: rondo::Sequential: a layer's output size is not the next layer's input size
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Named<"lstm", rondo::LSTM<10, 20, rondo::Stack{.bidirectional = true}>>,
                              rondo::Named<"fc", rondo::Linear<20, 5>>>;

int main() { rondo::Model<Net> model{rondo::Seed{1}}; }
