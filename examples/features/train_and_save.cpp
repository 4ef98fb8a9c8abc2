// SPDX-License-Identifier: MIT
// Trains a GRU to predict the next number of a series, then saves and loads the model.
#include <rondo/data/series_windows.hpp>
#include <rondo/io/model.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace rondo;
using Net = Sequential<Named<"gru", GRU<1, 8>>, LastStep<8>, Named<"fc", Linear<8, 1>>>;

int main() {
    std::vector<float> series(400);
    for (std::size_t t = 0; t < series.size(); ++t) series[t] = std::sin(float(t) / 8);
    SeriesWindows<float, 1> windows{series, {.length = 16, .batch = 32}}; // 16 steps, and the target step

    Model<Net> model{Seed{1}};
    const double before = evaluate(model, windows, MeanSquaredError{}).mean();
    fit(model, windows, MeanSquaredError{}, Adam{.rate = 1e-2}, {.epochs = 5}, {.clip_norm = 5});
    const double after = evaluate(model, windows, MeanSquaredError{}).mean();
    std::printf("mean squared error: %g, after training %g\n", before, after);

    save(model, "series.safetensors");
    Model<Net> loaded;
    load(loaded, "series.safetensors");
    return after < before / 10 && evaluate(loaded, windows, MeanSquaredError{}).mean() == after ? 0 : 1;
}
