// SPDX-License-Identifier: MIT
// expect: Trainer(const Model
// expect: a Trainer changes its model
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/trainer.hpp>

using namespace rondo;

int main() {
    const Model<Sequential<GRU<3, 5>, Linear<5, 4>>> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
}
