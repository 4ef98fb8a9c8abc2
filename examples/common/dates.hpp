// SPDX-License-Identifier: MIT
#pragma once

#include "pairs.hpp"

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <utility>

namespace common {

/// `count` different dates in various notations, and in ISO 8601.
inline Pairs dates(std::size_t count, const Options& options) {
    using namespace std::chrono;
    static constexpr std::array months{"january", "february", "march",     "april",   "may",      "june",
                                       "july",    "august",   "september", "october", "november", "december"};
    static constexpr std::array days{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    std::set<std::pair<std::string, std::string>> all;
    for (std::size_t k = 0; all.size() < count; ++k) {
        const rondo::RandomStream draw{rondo::Seed{options.seed}, rondo::Purpose::user, k};
        const sys_days day = sys_days{year{1900} / 1 / 1} + std::chrono::days{int(draw.wide(0) % 73049)};
        const year_month_day date{day};
        const std::string d = std::to_string(unsigned(date.day())), y = std::to_string(int(date.year())),
                          m = months[unsigned(date.month()) - 1], n = std::to_string(unsigned(date.month()));
        const std::string written[]{d + " " + m + " " + y,
                                    m + " " + d + ", " + y,
                                    d + "." + n + "." + y,
                                    n + "/" + d + "/" + y,
                                    std::string{days[weekday{day}.c_encoding()]} + ", " + d + " " + m.substr(0, 3) +
                                        " " + y,
                                    "the " + d + " of " + m + " in " + y};
        const auto two = [](const std::string& number) { return std::string(2 - number.size(), '0') + number; };
        all.emplace(written[draw.wide(1) % 6], y + "-" + two(n) + "-" + two(d));
    }
    return {{all.begin(), all.end()}, options};
}

} // namespace common
