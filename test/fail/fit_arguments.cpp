// SPDX-License-Identifier: MIT
// expect: data: Samples, SeriesWindows, ...
// expect: fit(model, data, loss, optimizer, options)
// lines: 20 by g++, 46 by clang++
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <vector>

using namespace rondo;

int main() {
    std::vector<float> data(30);
    Model<Sequential<GRU<3, 5>, Linear<5, 4>>> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
    fit(trainer, data, {.epochs = 1});
    fit(model, data, {.epochs = 1});
}
