// SPDX-License-Identifier: MIT
// Forecasts a series (a noisy sine, or a column of a CSV file) with a GRU: a value, quantiles or a distribution.
#include "common/series_bands.hpp"
#include "common/series_run.hpp"

#include <sstream>

using namespace common::series;

namespace {

// One line of the table of errors.
void tell(const char* forecast, common::Errors e) { std::printf("%-28s %12.5g %12.5g\n", forecast, e.mse, e.mae); }

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

void run_value(const Options& options, Data& data) {
    ForecasterModel<1> model{Seed{options.seed}};
    const common::Training training = train(options, data, model, MeanSquaredError{});
    if (training.stopped) return;

    // Baselines: a value that is already known.
    const std::vector<double> forecast = common::forecasts(common::on_host(model), data.test, data.scaler);
    const auto truth = data.truth();
    const auto again = [&](std::size_t lag) {
        return common::errors(truth, std::span{data.series.values}.subspan(data.split.train_end - lag, truth.size()));
    };
    const common::Errors found = common::errors(truth, forecast), persistence = again(std::size_t(options.horizon)),
                         seasonal = again(data.seasons);

    draw_series(options, data.series, data.split.train_end);
    common::draw_losses(options, training, "mean squared error (standard deviations²)");
    draw_forecast(options, data.series, data.clean, forecast);

    std::printf("\n%-28s %12s %12s\n", "errors on the test part", "MSE", "MAE");
    tell("GRU", found);
    tell("last value seen", persistence);
    if (data.season > 0) tell("value a season before", seasonal);
    std::string results = " test_mse=" + common::number(found.mse);
    if (data.own) {
        const double least = common::errors(truth, std::span{data.clean}.subspan(data.split.train_end)).mse;
        char text[64];
        std::snprintf(text, sizeof text, " noise=%.6g ratio=%.3f", least, found.mse / least);
        results += text;
    }
    results += " persistence_mse=" + common::number(persistence.mse);
    if (data.season > 0) results += " seasonal_mse=" + common::number(seasonal.mse);
    print_last_line(training, results);
}

void run(const Options& options) {
    options.announce();
    if (!options.quantiles.empty() && !options.distribution.empty())
        fail(Error::Kind::argument, "--quantiles and --distribution: expected one of them");
    Data data{options};
    if (options.distribution == "gaussian") run_distribution<common::Gaussian>(options, data, GaussianNLL{});
    else if (options.distribution == "student") run_distribution<common::StudentT>(options, data, StudentTNLL{});
    else if (!options.quantiles.empty()) run_quantiles(options, data);
    else run_value(options, data);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Forecasts a series with a GRU that reads a window of it.", "series"};
    Options options;
    options.add(app, 100);
    options.pictures = {"series-data", "series-forecast", "series-paths"};
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
    app.add("--quantiles", options.quantiles, "forecast quantiles of these three levels: 0.1,0.5,0.9")
        .expected(3)
        .delimiter(',')
        .check(common::real(0.001, 0.999));
    app.add("--distribution", options.distribution, "forecast a distribution, and draw paths from it")
        .check(common::one_of({"gaussian", "student"}));
    app.footer("Example: examples/run series --data sunspots.csv --window 132 --season 132 --epochs 20");
    return common::main(app, argc, argv, [&] { run(options); });
}
