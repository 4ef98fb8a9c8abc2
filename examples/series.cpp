// SPDX-License-Identifier: MIT
// Forecasts a series (a noisy sine, or a column of a CSV file) with a GRU that reads a window of it.
#include "common/forecasting.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <optional>
#include <sstream>

using namespace rondo;

namespace {

// The network: two recurrent layers read the window; the forecast is computed from their output at its last step.
using Forecaster = Sequential<Named<"gru", GRU<1, 50, Stack{.layers = 2, .dropout = Rate{20}}>>, LastStep<50>,
                              Named<"fc", Linear<50, 1>>>;

struct Options : common::Options {
    std::vector<std::string> column; // its name, if one is given
    int window = 50, horizon = 1;
    std::optional<int> season;
};

// The built-in series, with the sine without noise, whose error is the least that a forecast can have.
constexpr int points = 1000, period = 50;
constexpr double noise = 0.1;

std::vector<double> sine() {
    std::vector<double> all;
    for (int t = 0; t < points; ++t) all.push_back(std::sin(2 * 3.141592653589793 * t / period));
    return all;
}
common::Series noisy(std::vector<double> values, Seed seed) {
    const RandomStream draw{seed, Purpose::user};
    for (std::size_t t = 0; t < values.size(); ++t) values[t] += noise * draw.normal(t);
    return {std::move(values), {"value"}, {"no unit"}, "points"};
}

// One line of the table of errors.
void tell(const char* forecast, common::Errors e) { std::printf("%-28s %12.5g %12.5g\n", forecast, e.mse, e.mae); }

std::string axes(const common::Series& series) {
    return "set key above\nset xlabel " + series.time_label() + "\nset ylabel " + series.label(0) + '\n';
}

void draw_series(const Options& options, const common::Series& series, std::size_t train_end) {
    std::ostringstream data{"# point  value; first the training part, then the test part\n", std::ios::ate};
    for (std::size_t t = 0; t < series.values.size(); ++t)
        data << (t == train_end ? "\n\n" : "") << t << ' ' << series.values[t] << '\n';
    common::draw(options.out, "series-data", data.str(),
                 axes(series) + "plot 'series-data.dat' index 0 with lines title 'to train on', "
                                "'' index 1 with lines title 'to test'");
}

void draw_forecast(const Options& options, const common::Series& series, const std::vector<double>& clean,
                   const std::vector<double>& forecast) {
    std::ostringstream data{"# point  truth  forecast  sine\n", std::ios::ate};
    for (std::size_t k = 0, t = series.values.size() - forecast.size(); k < forecast.size(); ++k, ++t)
        data << t << ' ' << series.values[t] << ' ' << forecast[k] << ' ' << (clean.empty() ? 0 : clean[t]) << '\n';
    std::string plot = axes(series) + "plot 'series-forecast.dat' using 1:2 with linespoints pt 7 ps 0.4 title 'truth'";
    if (!clean.empty()) plot += ", '' using 1:4 with lines lt 3 lw 5 title 'sine without noise'"; // under the forecast
    plot += ", '' using 1:3 with lines lt 2 title 'forecast'";
    common::draw(options.out, "series-forecast", data.str(), plot);
}

void run(const Options& options) {
    options.announce();
    const bool own = options.data.empty();
    const std::vector<double> clean = own ? sine() : std::vector<double>{};
    const common::Series series =
        own ? noisy(clean, Seed{options.seed}) : common::read_series(options.data, options.column);

    // The test part is later than the training part, and the scaler is fitted to the training part only, so no
    // information from the future is used. A model file has no scaler: a loaded model needs its training data to fit
    // the same one.
    const common::SplitInTime split{series, options.window, options.horizon};
    const std::span<const double> values{series.values};
    const Scaler scaler = Scaler::standard(values.first(split.train_end), 1);
    const std::vector<float> scaled = common::scaled(series.values, scaler);
    const SeriesWindowsSettings windows{.length = options.window, .horizon = options.horizon, .batch = 32};
    SeriesWindows<float, 1> train{std::span{scaled}.first(split.train_end), windows};
    SeriesWindows<float, 1> test{std::span{scaled}.subspan(split.test_begin), windows};
    const int season = options.season.value_or(own ? period : 0);
    const std::size_t seasons = common::whole_seasons(season, options.horizon, split.train_end);
    std::printf("%s: %zu points, %zu windows to train on, %zu to test\n\n", printable(series.names[0]).c_str(),
                series.steps(), train.size(), test.size());

    Model<Forecaster, common::Backend> model{Seed{options.seed}};
    std::printf("%s\n", summary(model).c_str());
    // The learning rate decays to zero along a cosine: at a constant rate the last steps are noisy, and the final error
    // is up to a fifth higher.
    const auto steps = std::max<std::int64_t>(1, std::int64_t(train.count()) * options.epochs);
    const TrainerSettings settings{
        .threads = options.threads, .seed = Seed{options.seed}, .schedule = CosineDecay{.steps = steps}};
    Trainer trainer{model, MeanSquaredError{}, Adam{.rate = 1e-3}, settings};
    const common::Training training = common::train(options, trainer, train, "windows");
    if (training.stopped) return;

    // Baselines: a value that is already known.
    const std::vector<double> forecast = common::forecasts(common::on_host(model), test, scaler);
    const auto truth = values.subspan(split.train_end);
    const auto again = [&](std::size_t lag) {
        return common::errors(truth, values.subspan(split.train_end - lag, truth.size()));
    };
    const common::Errors found = common::errors(truth, forecast), persistence = again(std::size_t(options.horizon)),
                         seasonal = again(seasons);

    draw_series(options, series, split.train_end);
    common::draw_losses(options, training, "mean squared error (standard deviations²)");
    draw_forecast(options, series, clean, forecast);

    std::printf("\n%-28s %12s %12s\n", "errors on the test part", "MSE", "MAE");
    tell("GRU", found);
    tell("last value seen", persistence);
    if (season > 0) tell("value a season before", seasonal);
    std::printf("\nseries: ");
    training.print();
    std::printf(" test_mse=%.6g", found.mse);
    if (own) {
        const double least = common::errors(truth, std::span{clean}.subspan(split.train_end)).mse;
        std::printf(" noise=%.6g ratio=%.3f", least, found.mse / least);
    }
    std::printf(" persistence_mse=%.6g", persistence.mse);
    if (season > 0) std::printf(" seasonal_mse=%.6g", seasonal.mse);
    std::printf(" seconds=%.2f\n", training.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Forecasts a series with a GRU that reads a window of it.", "series"};
    Options options;
    options.add(app, 100);
    options.pictures = {"series-data", "series-forecast"};
    app.add("--column", options.column, "of the CSV file that --data names; default: its last with numbers")
        .expected(1)
        .needs(app.option("--data"));
    app.add("--window", options.window, "points that a forecast is made from")
        .show_default()
        .check(common::whole(1, 1'000'000));
    app.add("--horizon", options.horizon, "points from the window's last to the one to forecast")
        .show_default()
        .check(common::whole(1, 1'000'000));
    app.add("--season", options.season,
            "points after which it repeats, to compare with; 0: none; default: the sine's 50")
        .check(common::whole(0, 1'000'000));
    app.footer("Example: examples/run series --data sunspots.csv --window 132 --season 132 --epochs 20");
    return common::main(app, argc, argv, [&] { run(options); });
}
