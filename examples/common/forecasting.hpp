// SPDX-License-Identifier: MIT
#pragma once

#include "any_table.hpp"
#include "picture.hpp"

#include <rondo/core/error.hpp>
#include <rondo/data/scaler.hpp>
#include <rondo/data/table.hpp>
#include <rondo/model/model.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/data/series_windows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace common {

/// One or more features, measured together step by step: values (features x steps), a step's features side by side.
struct Series {
    std::vector<double> values;
    std::vector<std::string> names, units;
    std::string time = "rows of the file"; // the unit of a step
    std::string source{};                  // the file, if there is one

    std::size_t features() const { return names.size(); }
    std::size_t steps() const { return values.size() / features(); }

    /// What an axis says, in gnuplot's quotes.
    std::string label(std::size_t feature) const { return common::label(names[feature] + " (" + units[feature] + ')'); }
    std::string time_label() const { return common::label("time (" + time + ')'); }
};

/// The columns of a CSV file, in the order asked for. Without a name: the last column that has a number in it.
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

/// The first 80 of 100 windows are to train on, the rest to test. No target of the one is a target of the other; the
/// inputs of the first test windows are steps of the training part, as they would be known in use.
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

/// How far before a target the value lies that is known when it is foretold and of the same place in its season: the
/// fewest steps that are whole seasons, the horizon or more. Without a season (0): none.
///
/// Errors  a season that does not fit into the steps that are known.
inline std::size_t whole_seasons(int season, int horizon, std::size_t known) {
    const std::size_t s = std::size_t(season), h = std::size_t(horizon), steps = s == 0 ? 0 : (h + s - 1) / s * s;
    if (steps > known)
        rondo::fail(rondo::Error::Kind::argument,
                    "--season " + std::to_string(season) + ": expected one that fits into the training part, " +
                        std::to_string(known) + " points, got a value " + std::to_string(steps) + " points back");
    return steps;
}

/// A copy in the scaler's units and in float, as the network wants it.
inline std::vector<float> scaled(std::vector<double> values, const rondo::Scaler& scaler) {
    scaler.apply(values);
    return {values.begin(), values.end()};
}

/// What the model says of each window, batch by batch, in the data's own units; features side by side.
template <class Net, rondo::Backend B, class S, int In, int Out>
std::vector<double> forecasts(const rondo::Model<Net, B>& model, rondo::SeriesWindows<S, In, Out>& windows,
                              const rondo::Scaler& scaler) {
    rondo::Workspace<Net, B> work;
    std::vector<double> all;
    for (std::size_t k = 0; k < windows.count(); ++k) {
        const auto y = work.forward(model, std::get<0>(windows.at(k).inputs));
        all.insert(all.end(), y.value, y.value + y.size());
    }
    scaler.invert(all);
    return all;
}

/// How far forecasts are from the truth, on average: the square of the difference and its size.
struct Errors {
    double mse = 0, mae = 0;
};

/// Of one feature of several that lie side by side.
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
