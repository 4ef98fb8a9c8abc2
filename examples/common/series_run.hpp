// SPDX-License-Identifier: MIT
#pragma once

#include "axis.hpp"
#include "bands.hpp"
#include "forecasting.hpp"
#include "training.hpp"

#include <rondo/rondo.hpp>

#include <cmath>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

// What the forecasts of examples/series have in common: the network, the data, training, pictures and the last line.

namespace common::series {

using namespace rondo;

// The network: two recurrent layers read the window; the forecast, of one number or more, is computed from their output
// at its last step.
template <int numbers>
using Forecaster = Sequential<Named<"gru", GRU<1, 50, Stack{.layers = 2, .dropout = Rate{20}}>>, LastStep<50>,
                              Named<"fc", Linear<50, numbers>>>;
template <int numbers> using ForecasterModel = Model<Forecaster<numbers>, common::Backend>;

struct Options : common::Options {
    std::vector<std::string> column; // its name, if one is given
    int window = 50, horizon = 1;
    std::optional<int> season;
    std::vector<double> quantiles; // three, if given
    std::string distribution;

    common::Levels levels() const {
        if (quantiles.empty()) return {0.1, 0.5, 0.9};
        if (quantiles[0] >= quantiles[1] || quantiles[1] >= quantiles[2])
            fail(Error::Kind::argument, "--quantiles: expected three levels in increasing order");
        return {quantiles[0], quantiles[1], quantiles[2]};
    }
};

// The built-in series, with the sine without noise, whose error is the least that a forecast can have.
inline constexpr int points = 1000, period = 50;
inline constexpr double noise = 0.1;

inline std::vector<double> sine() {
    std::vector<double> all;
    for (int t = 0; t < points; ++t) all.push_back(std::sin(2 * 3.141592653589793 * t / period));
    return all;
}
inline common::Series noisy(std::vector<double> values, Seed seed) {
    const RandomStream draw{seed, Purpose::user};
    for (std::size_t t = 0; t < values.size(); ++t) values[t] += noise * draw.normal(t);
    return {std::move(values), {"value"}, {"no unit"}, "points"};
}

inline std::string axes(const common::Series& series) {
    return "set key above\nset xlabel " + series.time_label() + "\nset ylabel " + series.label(0) + '\n';
}

inline void draw_series(const Options& options, const common::Series& series, std::size_t train_end) {
    std::ostringstream data{"# point  value; first the training part, then the test part\n", std::ios::ate};
    for (std::size_t t = 0; t < series.values.size(); ++t)
        data << (t == train_end ? "\n\n" : "") << t << ' ' << series.values[t] << '\n';
    common::draw(options.out, "series-data", data.str(),
                 axes(series) + "plot 'series-data.dat' index 0 with lines title 'to train on', "
                                "'' index 1 with lines title 'to test'");
}

// The series, in parts: the test part is later than the training part, and the scaler is fitted to the training part
// only, so no information from the future is used. A model file has no scaler: a loaded model needs its training data
// to fit the same one.
struct Data {
    explicit Data(const Options& options)
        : own{options.data.empty()}, clean{own ? sine() : std::vector<double>{}},
          series{own ? noisy(clean, Seed{options.seed}) : common::read_series(options.data, options.column)},
          split{series, options.window, options.horizon},
          scaler{Scaler::standard(std::span<const double>{series.values}.first(split.train_end), 1)},
          scaled{common::scaled(series.values, scaler)},
          train{std::span{scaled}.first(split.train_end), windows(options)},
          test{std::span{scaled}.subspan(split.test_begin), windows(options)},
          season{options.season.value_or(own ? period : 0)},
          seasons{common::whole_seasons(season, options.horizon, split.train_end)} {}

    static SeriesWindowsSettings windows(const Options& options) {
        return {.length = options.window, .horizon = options.horizon, .batch = 32};
    }
    std::span<const double> truth() const { return std::span{series.values}.subspan(split.train_end); }

    bool own;
    std::vector<double> clean;
    common::Series series;
    common::SplitInTime split;
    Scaler scaler;
    std::vector<float> scaled;
    SeriesWindows<float, 1> train, test;
    int season;
    std::size_t seasons;
};

template <int numbers, class Loss>
common::Training train(const Options& options, Data& data, ForecasterModel<numbers>& model, const Loss& loss) {
    std::printf("%s: %zu points, %zu windows to train on, %zu to test\n\n%s\n", printable(data.series.names[0]).c_str(),
                data.series.steps(), data.train.size(), data.test.size(), summary(model).c_str());
    // The learning rate decays to zero along a cosine: at a constant rate the last steps are noisy, and the final error
    // is up to a fifth higher.
    const auto steps = std::max<std::int64_t>(1, std::int64_t(data.train.count()) * options.epochs);
    const TrainerSettings settings{
        .threads = options.threads, .seed = Seed{options.seed}, .schedule = CosineDecay{.steps = steps}};
    Trainer trainer{model, loss, Adam{.rate = 1e-3}, settings};
    return common::train(options, trainer, data.train, "windows");
}

inline void print_last_line(const common::Training& training, const std::string& results) {
    std::printf("\nseries: ");
    training.print();
    std::printf("%s seconds=%.2f\n", results.c_str(), training.seconds);
}

} // namespace common::series
