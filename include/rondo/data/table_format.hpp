// SPDX-License-Identifier: MIT
#pragma once

#include "../core/read_number.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline v0_1 {

/// How a table is written: what is between two cells, whether its first line names the columns, whether quotes hold
/// cells together (or are text like any other), whether blanks around a cell are left out, and what begins a number's
/// decimals. table_format finds it out.
struct TableFormat {
    char separator = ',';
    bool header = true, quotes = true, trim = false;
    char decimal = '.';
    bool operator==(const TableFormat&) const = default;
};

namespace detail {
inline std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}
/// What a first line "sep=;" names.
inline char named_separator(std::string_view text) {
    const std::string_view end = text.substr(std::min<std::size_t>(text.size(), 5), 2);
    return text.starts_with("sep=") && (end.starts_with('\n') || end == "\r\n") ? text[4] : '\0';
}
inline std::string shown(char separator) { return separator == '\t' ? "tabs" : std::string{'\'', separator, '\''}; }

/// Whether a cell is a finite number.
inline bool cell_number(std::string_view cell, char decimal, double& value) {
    std::string_view digits = trimmed(cell);
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    std::string points;
    if (decimal != '.') {
        points = digits;
        for (char& c : points) c = c == decimal ? '.' : c == '.' ? decimal : c;
        digits = points;
    }
    return read_number(digits, value) && std::isfinite(value);
}
} // namespace detail

/// How a table seems to be written: cells end at the first of tab, ';' and ',' that its first line has outside quotes,
/// or at what a line "sep=;" names; that line is a header unless one of its cells is a number; after ';', numbers may
/// have a decimal comma. Blanks around cells are left out.
inline TableFormat table_format(std::string_view text) {
    TableFormat format{.trim = true};
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
    if (const char named = detail::named_separator(text)) {
        format.separator = named;
        text.remove_prefix(text.find('\n') + 1);
    } else {
        std::string bare; // the first line without what is in quotes
        bool quoted = false;
        for (std::size_t at = 0; at < text.size() && (quoted || (text[at] != '\n' && text[at] != '\r')); ++at)
            if (text[at] == '"') quoted = !quoted;
            else if (!quoted) bare += text[at];
        for (const char separator : {',', ';', '\t'})
            if (bare.find(separator) != bare.npos) format.separator = separator;
    }
    double value = 0;
    std::size_t commas = 0, points = 0;
    bool first = true;
    for (std::string_view rest = text.substr(0, 10'000); !rest.empty(); first = false) { // the beginning tells enough
        const std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        for (std::size_t from = 0; from <= line.size();) {
            std::string_view cell = line.substr(from, line.find(format.separator, from) - from);
            from += cell.size() + 1;
            cell = detail::trimmed(cell);
            if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
            const bool point = detail::cell_number(cell, '.', value), comma = detail::cell_number(cell, ',', value);
            points += point && !comma;
            commas += comma && !point;
            if (first && (point || (comma && format.separator == ';'))) format.header = false;
        }
    }
    if (format.separator == ';' && commas > 0 && points == 0) format.decimal = ',';
    return format;
}

} // namespace rondo
