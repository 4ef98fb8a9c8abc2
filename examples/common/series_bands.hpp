// SPDX-License-Identifier: MIT
#pragma once

#include "bands.hpp"
#include "distributions.hpp"
#include "series_run.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

namespace common::series {

// Scores of bands on the test part beside those of naive forecasts, and a picture.
inline void show_bands(const Options& options, const Data& data, const common::Training& training, common::Bands bands,
                       const std::string& name) {
    bands.sort();
    const auto truth = data.truth();
    std::printf("\n%-28s %12s %12s\n", "bands on the test part", "pinball", "coverage");
    std::string results;
    const auto tell_bands = [&](const std::string& forecast, const std::string& key, const common::Bands& all) {
        const common::BandScore score = common::score(truth, all);
        std::printf("%-28s %12.5g %11.1f%%\n", forecast.c_str(), score.pinball, 100 * score.coverage);
        results += ' ' + key + "pinball=" + common::number(score.pinball) + ' ' + key +
                   "coverage=" + common::number(score.coverage);
    };
    const auto naive = [&](std::size_t lag) {
        return common::naive_bands(data.series.values, data.split.train_end, lag, bands.levels);
    };
    tell_bands(name, "", bands);
    tell_bands("last value seen", "persistence_", naive(std::size_t(options.horizon)));
    if (data.season > 0) tell_bands("value a season before", "seasonal_", naive(data.seasons));
    std::printf("a share of %.0f%% should be between the lowest and the highest quantile\n",
                100 * (bands.levels[2] - bands.levels[0]));

    std::ostringstream lines{"# point  truth  quantiles\n", std::ios::ate};
    for (std::size_t k = 0; k < truth.size(); ++k)
        lines << data.split.train_end + k << ' ' << truth[k] << ' ' << bands.at(k, 0) << ' ' << bands.at(k, 1) << ' '
              << bands.at(k, 2) << '\n';
    common::draw(options.out, "series-forecast", lines.str(),
                 axes(data.series) +
                     "plot 'series-forecast.dat' using 1:3:5 with filledcurves fc rgb '#f0c8a0' title 'between " +
                     common::number(bands.levels[0]) + " and " + common::number(bands.levels[2]) +
                     "', '' using 1:4 with lines lt 2 title '" + common::number(bands.levels[1]) +
                     "', '' using 1:2 with points lt 1 pt 7 ps 0.4 title 'truth'");
    draw_series(options, data.series, data.split.train_end);
    common::draw_losses(options, training, "loss");
    print_last_line(training, results);
}

inline void run_quantiles(const Options& options, Data& data) {
    const common::Levels levels = options.levels();
    ForecasterModel<3> model{Seed{options.seed}};
    const common::Training training = train(options, data, model, QuantileLoss{levels[0], levels[1], levels[2]});
    if (training.stopped) return;
    show_bands(options, data, training, {levels, common::forecasts(common::on_host(model), data.test, data.scaler)},
               "GRU, quantiles");
}

// Paths that begin where the training part ends: each value is drawn from the distribution that the network forecasts
// from those before it, the drawn ones included.
template <class Distribution>
void draw_paths(const Options& options, const Data& data, const Model<Forecaster<Distribution::outputs>>& model,
                common::Draws& draws) {
    constexpr std::size_t paths = 20;
    const auto window = std::size_t(options.window), steps = std::min<std::size_t>(data.truth().size(), 100);
    std::vector<float> values(window * paths); // a path's value at time t: values[t * paths + path]
    for (std::size_t t = 0; t < window; ++t)
        std::fill_n(values.begin() + std::ptrdiff_t(t * paths), paths, data.scaled[data.split.train_end - window + t]);
    std::vector<std::vector<double>> drawn(paths);
    Workspace<Forecaster<Distribution::outputs>> work;
    for (std::size_t t = 0; t < steps; ++t) {
        const auto y = work.forward(
            model, SequenceView<const float, 1>{values.data() + t * paths, nullptr, {options.window, int(paths)}});
        for (std::size_t k = 0; k < paths; ++k) {
            const double next =
                Distribution::sample({y.value + k * Distribution::outputs, Distribution::outputs}, draws);
            drawn[k].push_back(data.scaler.invert(next, 0));
            values.push_back(float(next));
        }
    }
    std::ostringstream lines{"# point  truth  paths\n", std::ios::ate};
    for (std::size_t t = 0; t < steps; ++t) {
        lines << data.split.train_end + t << ' ' << data.truth()[t];
        for (const auto& path : drawn) lines << ' ' << path[t];
        lines << '\n';
    }
    common::draw(options.out, "series-paths", lines.str(),
                 axes(data.series) + "plot for [k=3:22] 'series-paths.dat' using 1:k with lines lc rgb '#d0b090' lw 1 "
                                     "title (k == 3 ? 'sampled paths' : ''), "
                                     "'' using 1:2 with lines lt 1 title 'truth'");
}

template <class Distribution, class Loss>
void run_distribution(const Options& options, Data& data, const Loss& loss) {
    if (options.horizon != 1)
        fail(Error::Kind::argument, "--distribution: paths are made of next values: expected --horizon 1, got " +
                                        std::to_string(options.horizon));
    constexpr std::size_t numbers = Distribution::outputs, samples = 400;
    const common::Levels levels = options.levels();
    ForecasterModel<Distribution::outputs> model{Seed{options.seed}};
    const common::Training training = train(options, data, model, loss);
    if (training.stopped) return;

    const auto& host = common::on_host(model);
    const std::vector<double> raw = common::outputs(host, data.test);
    common::Draws draws{Seed{options.seed + 1}};
    common::Bands bands{levels};
    std::vector<double> drawn(samples);
    for (std::size_t k = 0; k < raw.size(); k += numbers) {
        std::array<float, numbers> y{};
        std::copy_n(raw.begin() + std::ptrdiff_t(k), numbers, y.begin());
        for (double& one : drawn) one = Distribution::sample(y, draws);
        for (const double level : levels) bands.values.push_back(common::quantile(drawn, level));
    }
    data.scaler.invert(bands.values);
    draw_paths<Distribution>(options, data, host, draws);
    show_bands(options, data, training, std::move(bands), "GRU, " + options.distribution);
}

} // namespace common::series
