// SPDX-License-Identifier: MIT
// expect: rondo: no parameter of this network has this name
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>

using Net = rondo::Sequential<rondo::Named<"head", rondo::Linear<4, 8>>>;

int main() { return rondo::Model<Net>{rondo::Seed{1}}.tensor<"head.weigth">().size() == 0; }
