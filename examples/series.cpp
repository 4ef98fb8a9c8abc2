// SPDX-License-Identifier: MIT
// Forecasts a series (a noisy sine, or a column of a CSV file) with a GRU: a value, quantiles or a distribution.
#include "common/axis.hpp"
#include "common/bands.hpp"
#include "common/distributions.hpp"
#include "common/forecasting.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <optional>
#include <sstream>

using namespace rondo;

namespace {

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

void print_last_line(const common::Training& training, const std::string& results) {
    std::printf("\nseries: ");
    training.print();
    std::printf("%s seconds=%.2f\n", results.c_str(), training.seconds);
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

// Scores of bands on the test part beside those of naive forecasts, and a picture.
void show_bands(const Options& options, const Data& data, const common::Training& training, common::Bands bands,
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

void run_quantiles(const Options& options, Data& data) {
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
