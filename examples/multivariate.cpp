// SPDX-License-Identifier: MIT
// Forecasts two to four related series (weather, or columns of a CSV file) jointly, with one GRU that reads them all.
#include "common/forecasting.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <cctype>
#include <sstream>

using namespace rondo;

namespace {

// The network: all features of an hour are read together, so that dependencies between them are used, and all are
// forecast together.
template <int features>
using Forecaster = Sequential<Named<"gru", GRU<features, 48, Stack{.layers = 2, .dropout = Rate{10}}>>, LastStep<48>,
                              Named<"fc", Linear<48, features>>>;

// Sizes are part of the type: the program holds a network for each of these numbers of features.
using FeatureCounts = std::integer_sequence<int, 2, 3, 4>;

struct Options : common::Options {
    std::vector<std::string> columns;
    int window = 48, horizon = 1;
};

// Sixty days of hours. Pressure: a damped oscillator driven by noise, and a tide of 12 h. Humidity falls if it is warm
// or pressure is high. Temperature follows the sun, less if the air is humid. The noise of one hour cannot be forecast;
// its variances are 0.25² °C², 1 %² and 0.2² hPa².
common::Series weather(Seed seed) {
    common::Series all{{}, {"temperature", "humidity", "pressure"}, {"°C", "%", "hPa"}, "hours"};
    const RandomStream draw{seed, Purpose::user};
    double temperature = 15, humidity = 65, high = 0, tendency = 0;
    for (int t = 0; t < 60 * 24; ++t) {
        const auto chance = [&](unsigned k) { return draw.normal(k, 0, std::uint32_t(t)); };
        const auto wave = [&](double period) { return std::sin(2 * 3.141592653589793 * (t - 9) / period); };
        tendency += -0.1 * tendency - 0.01 * high + 0.2 * chance(0);
        high += tendency;
        humidity += 0.25 * (65 - 2.2 * (temperature - 15) - 2 * high - humidity) + chance(1);
        humidity = std::clamp(humidity, 5.0, 100.0);
        temperature += 0.2 * (15 + (12 - 0.08 * humidity) * wave(24) + 0.3 * high - temperature) + 0.25 * chance(2);
        all.values.insert(all.values.end(), {temperature, humidity, 1013 + high + 0.8 * wave(12)});
    }
    return all;
}

// Plots the first days of the test part, a panel for each feature.
void draw_forecast(const Options& options, const common::Series& series, std::span<const double> truth,
                   std::span<const double> forecast) {
    const std::size_t n = series.features(), steps = std::min<std::size_t>(truth.size() / n, 7 * 24);
    std::ostringstream data, plot;
    data << "# step, then truth and forecast of each feature\n";
    for (std::size_t t = 0; t < steps; ++t) {
        data << series.steps() - truth.size() / n + t;
        for (std::size_t k = 0; k < n; ++k) data << ' ' << truth[t * n + k] << ' ' << forecast[t * n + k];
        data << '\n';
    }
    plot << "set xlabel ''\nset key above\nset lmargin 10\nset ytics font ',11'\nset multiplot layout " << n << ",1\n";
    for (std::size_t k = 0; k < n; ++k) {
        if (k == 1) plot << "unset key\n"; // the key of the first panel applies to all
        if (k + 1 == n) plot << "set xlabel " << series.time_label() << '\n';
        plot << "set ylabel " << series.label(k) << "\nplot 'multivariate-forecast.dat' using 1:" << 2 * k + 2
             << " with lines title 'truth', '' using 1:" << 2 * k + 3 << " with lines title 'forecast'\n";
    }
    plot << "unset multiplot";
    common::draw(options.out, "multivariate-forecast", data.str(), plot.str(), 960, 300 * int(n));
}

template <int features>
void run(const Options& options, const common::Series& series) {
    // The test part is later than the training part, and the scaler is fitted to the training part only, so no
    // information from the future is used. Each feature has its own scale; otherwise the largest one would dominate the
    // loss.
    const common::SplitInTime split{series, options.window, options.horizon};
    const std::span<const double> values{series.values};
    const Scaler scaler = Scaler::standard(values.first(split.train_end * features), features);
    const std::vector<float> scaled = common::scaled(series.values, scaler);
    const SeriesWindowsSettings windows{.length = options.window, .horizon = options.horizon, .batch = 32};
    SeriesWindows<float, features> train{std::span{scaled}.first(split.train_end * features), windows};
    SeriesWindows<float, features> test{std::span{scaled}.subspan(split.test_begin * features), windows};
    std::printf("%d features, %zu steps, %zu windows to train on, %zu to test\n\n", features, series.steps(),
                train.size(), test.size());

    Model<Forecaster<features>, common::Backend> model{Seed{options.seed}};
    std::printf("%s\n", summary(model).c_str());
    const auto steps = std::max<std::int64_t>(1, std::int64_t(train.count()) * options.epochs);
    const TrainerSettings settings{
        .threads = options.threads, .seed = Seed{options.seed}, .schedule = CosineDecay{.steps = steps}};
    Trainer trainer{model, MeanSquaredError{}, Adam{.rate = 3e-3}, settings};
    const common::Training training = common::train(options, trainer, train, "numbers");
    if (training.stopped) return;

    // The baseline is the last value (persistence), which is hard to beat an hour ahead, since weather changes slowly.
    const std::vector<double> forecast = common::forecasts(common::on_host(model), test, scaler);
    const auto truth = values.subspan(split.train_end * features);
    const auto naive = values.subspan((split.train_end - std::size_t(options.horizon)) * features, truth.size());
    common::draw_losses(options, training, "mean squared error (standard deviations²)");
    draw_forecast(options, series, truth, forecast);

    std::printf("\n%-20s %14s %14s %8s   %s\n", "MSE on the test part", "GRU", "last value", "ratio", "unit, squared");
    std::ostringstream result;
    int beaten = 0;
    for (std::size_t k = 0; k < features; ++k) {
        const double mse = common::errors(truth, forecast, features, k).mse,
                     of_naive = common::errors(truth, naive, features, k).mse;
        std::string key = series.names[k];
        for (char& c : key) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
        std::printf("%-20s %14.5g %14.5g %8.3f   %s\n", printable(series.names[k]).c_str(), mse, of_naive,
                    mse / of_naive, series.units[k].c_str());
        result << " mse_" << key << '=' << mse << " naive_" << key << '=' << of_naive;
        beaten += mse < of_naive;
    }
    std::printf("\nmultivariate: ");
    training.print();
    std::printf(" beats_naive=%d/%d%s seconds=%.2f\n", beaten, features, result.str().c_str(), training.seconds);
}

// Calls run with the network whose number of features is that of the series.
template <int... features>
void run(const Options& options, std::integer_sequence<int, features...>) {
    const std::size_t asked = options.columns.size();
    if (!options.data.empty() && ((asked != features) && ...))
        fail(Error::Kind::argument, "--columns: expected 2, 3 or 4 names, got " + std::to_string(asked));
    options.announce();
    const common::Series series =
        options.data.empty() ? weather(Seed{options.seed}) : common::read_series(options.data, options.columns);
    ((series.features() == features ? run<features>(options, series) : void()), ...);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Forecasts two to four related series jointly with one GRU.", "multivariate"};
    Options options;
    options.add(app, 60);
    options.pictures = {"multivariate-forecast"};
    app.add("--columns", options.columns, "2, 3 or 4 of the CSV file that --data names, as in a,b,c")
        .delimiter(',')
        .needs(app.option("--data"));
    app.add("--window", options.window, "steps that a forecast is made from")
        .show_default()
        .check(common::whole(1, 1'000'000));
    app.add("--horizon", options.horizon, "steps from the window's last to the one to forecast")
        .show_default()
        .check(common::whole(1, 1'000'000));
    app.footer("Example: examples/run multivariate --data weather.csv --columns temperature,humidity --epochs 20");
    return common::main(app, argc, argv, [&] { run(options, FeatureCounts{}); });
}
