// SPDX-License-Identifier: MIT
#pragma once

#include "../core/read_number.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

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
    text.remove_prefix((std::min)(text.find_first_not_of(" \t"), text.size()));
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

/// How a table seems to be written: cells end at the first of tab, ';', ',' and '|' that its first line has outside
/// quotes, or at what a line "sep=;" names; that line is a header unless one of its cells is a number. Numbers have a
/// decimal comma where some have a comma and none has a point; "1,234" alone is one after ';' only. Blanks around cells
/// are left out.
inline TableFormat table_format(std::string_view text) {
    TableFormat format{.trim = true};
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix((std::min)(text.find_first_not_of("\r\n"), text.size()));
    if (const char named = detail::named_separator(text)) {
        format.separator = named;
        text.remove_prefix(text.find('\n') + 1);
    } else {
        std::string bare; // the first line without what is in quotes
        bool quoted = false;
        for (std::size_t at = 0; at < text.size() && (quoted || (text[at] != '\n' && text[at] != '\r')); ++at)
            if (text[at] == '"') quoted = !quoted;
            else if (!quoted) bare += text[at];
        for (const char separator : {'|', ',', ';', '\t'})
            if (bare.find(separator) != bare.npos) format.separator = separator;
    }
    const char ends[]{format.separator, '\r', '\n', '\0'};
    double value = 0;
    bool first = true, points = false, commas = false;
    for (std::string_view rest = text.substr(0, 10'000); !rest.empty();) { // the beginning tells enough
        const std::size_t blanks = (std::min)(rest.find_first_not_of(" \t"), rest.size());
        const std::size_t quoted = rest.substr(blanks, 1) == "\"" ? rest.find('"', blanks + 1) : rest.npos;
        const std::size_t end = (std::min)(rest.find_first_of(ends, quoted == rest.npos ? 0 : quoted), rest.size());
        std::string_view cell = detail::trimmed(rest.substr(0, end));
        if (cell.size() > 1 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
        const bool point = detail::cell_number(cell, '.', value), comma = detail::cell_number(cell, ',', value);
        points = points || (point && !comma);
        commas = commas || (comma && !point && (format.separator == ';' || cell.size() - cell.find(',') != 4));
        if (first && (point || comma)) format.header = false;
        first = first && end < rest.size() && rest[end] == format.separator;
        rest.remove_prefix((std::min)(end + 1, rest.size()));
    }
    if (commas && !points) format.decimal = ',';
    return format;
}

} // namespace rondo
