// SPDX-License-Identifier: MIT
#pragma once

#include "any_table.hpp"
#include "picture.hpp"

#include <rondo/core/error.hpp>
#include <rondo/data/scaler.hpp>
#include <rondo/data/series_windows.hpp>
#include <rondo/data/table.hpp>
#include <rondo/model/model.hpp>
#include <rondo/model/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace common {

/// One or more features, measured together step by step: values (features x steps), the features of a step contiguous.
struct Series {
    std::vector<double> values;
    std::vector<std::string> names, units;
    std::string time = "rows of the file"; // the unit of a step
    std::string source{};                  // the file, if there is one

    std::size_t features() const { return names.size(); }
    std::size_t steps() const { return values.size() / features(); }

    /// The label of an axis, in gnuplot's quotes.
    std::string label(std::size_t feature) const { return common::label(names[feature] + " (" + units[feature] + ')'); }
    std::string time_label() const { return common::label("time (" + time + ')'); }
};

/// Columns of a CSV file, in the order of their names. Without names: the last column that has a number in it.
///
/// Errors  those of rondo::Table; no column with a number.
inline Series read_series(const std::string& file, std::vector<std::string> columns) {
    const rondo::Table table = read_any_table(file);
    for (std::size_t k = table.columns(), row = 0; columns.empty() && k-- > 0; row = 0) {
        while (row < table.rows() && !table.is_number(row, k)) ++row;
        if (row < table.rows()) columns = {table.names()[k]};
    }
    if (columns.empty()) {
        std::string names;
        for (const std::string& name : table.names()) names += (names.empty() ? "'" : ", '") + name + '\'';
        rondo::fail(rondo::Error::Kind::format, file + ": expected a column of numbers, got none among " + names);
    }
    Series series{std::vector<double>(table.rows() * columns.size()), columns,
                  std::vector<std::string>(columns.size(), "as in the file")};
    series.source = file;
    for (std::size_t k = 0; k < columns.size(); ++k) {
        const std::vector<double> numbers = table.numbers(columns[k]);
        for (std::size_t t = 0; t < numbers.size(); ++t) series.values[t * columns.size() + k] = numbers[t];
    }
    return series;
}

/// Splits windows: the first 80 % are to train on, the rest to test. The two parts share no target; the inputs of the
/// first test windows are steps of the training part, which would be known in use.
///
///   training part: steps 0, ..., train_end - 1     test windows: of the steps test_begin, ...; targets train_end, ...
///
/// Errors  a series too short for a window of each.
struct SplitInTime {
    std::size_t train_end, test_begin;

    SplitInTime(const Series& series, int window, int horizon) {
        const std::size_t steps = series.steps();
        const std::size_t reach = std::size_t(window) + std::size_t(horizon); // steps of one window and its target
        if (steps < reach + 1)
            rondo::fail(rondo::Error::Kind::argument,
                        (series.source.empty() ? "" : series.source + ": ") + "a window of " + std::to_string(window) +
                            " and a horizon of " + std::to_string(horizon) + ": expected a series of " +
                            std::to_string(reach + 1) + " steps or more (a window to train on, another to test), got " +
                            std::to_string(steps));
        test_begin = (steps - reach + 1) * 8 / 10;
        train_end = test_begin + reach - 1;
    }
};

/// The lag of the seasonal baseline: the smallest multiple of the season that is not less than the horizon, so that the
/// value is known when the forecast is made. Without a season (0): 0.
///
/// Errors  a lag that exceeds the steps that are known.
inline std::size_t whole_seasons(int season, int horizon, std::size_t known) {
    const std::size_t s = std::size_t(season), h = std::size_t(horizon), steps = s == 0 ? 0 : (h + s - 1) / s * s;
    if (steps > known)
        rondo::fail(rondo::Error::Kind::argument,
                    "--season " + std::to_string(season) + ": expected one that fits into the training part, " +
                        std::to_string(known) + " points, got a value " + std::to_string(steps) + " points back");
    return steps;
}

/// A scaled copy in float, the input of the network.
inline std::vector<float> scaled(std::vector<double> values, const rondo::Scaler& scaler) {
    scaler.apply(values);
    return {values.begin(), values.end()};
}

/// The network's outputs for each window; those of a window contiguous.
template <class Net, rondo::Backend B, class S, int In, int Out>
std::vector<double> outputs(const rondo::Model<Net, B>& model, rondo::SeriesWindows<S, In, Out>& windows) {
    rondo::Workspace<Net, B> work;
    std::vector<double> all;
    for (std::size_t k = 0; k < windows.count(); ++k) {
        const auto y = work.forward(model, std::get<0>(windows.at(k).inputs));
        all.insert(all.end(), y.value, y.value + y.size());
    }
    return all;
}

/// The model's forecast for each window in the units of the data; the features of a forecast contiguous.
template <class Net, rondo::Backend B, class S, int In, int Out>
std::vector<double> forecasts(const rondo::Model<Net, B>& model, rondo::SeriesWindows<S, In, Out>& windows,
                              const rondo::Scaler& scaler) {
    std::vector<double> all = outputs(model, windows);
    scaler.invert(all);
    return all;
}

/// Mean squared error and mean absolute error of forecasts.
struct Errors {
    double mse = 0, mae = 0;
};

/// The errors of one of several interleaved features.
inline Errors errors(std::span<const double> truth, std::span<const double> forecast, std::size_t features = 1,
                     std::size_t feature = 0) {
    Errors e;
    for (std::size_t k = feature; k < truth.size(); k += features) {
        const double difference = forecast[k] - truth[k], n = double(truth.size() / features);
        e.mse += difference * difference / n;
        e.mae += std::abs(difference) / n;
    }
    return e;
}

} // namespace common
