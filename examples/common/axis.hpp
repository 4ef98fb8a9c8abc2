// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace common {

/// A number with six significant digits.
inline std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

/// gnuplot commands for the y axis of these values: linear from zero or, if all are positive and span a factor of ten
/// or more, logarithmic, between ticks that are 1, 2 or 5 times a power of ten. Values that are not finite are ignored.
inline std::string axis(std::span<const double> values) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const double value : values)
        if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    if (!(low > 0) || !(high >= 10 * low) || high > 1e300) return low < 0 ? "" : "set yrange [0:*]\n";

    std::vector<double> marks; // the first is the largest that is not above the least value
    const int from = int(std::floor(std::log10(low))), to = int(std::ceil(std::log10(high)));
    const int step = 1 + (to - from) / 12; // decades between ticks, so that their labels fit
    for (int decade = from; decade <= to + step; decade += step)
        for (const int part : {1, 2, 5}) {
            if ((part > 1 && to - from > 4) || (!marks.empty() && marks.back() >= high)) continue;
            if (part * std::pow(10, decade) <= low) marks.clear();
            marks.push_back(part * std::pow(10, decade));
        }
    std::string all;
    for (const double mark : marks) all += (all.empty() ? "'" : ", '") + number(mark) + "' " + number(mark);
    return "set logscale y\nset yrange [" + number(marks.front()) + ':' + number(marks.back()) + "]\nset ytics (" +
           all + ")\n";
}

} // namespace common
