// SPDX-License-Identifier: MIT
#pragma once

#include "../core/read_number.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The format of a table: the separator of cells, whether the first line names the columns, whether quotes enclose
/// cells (or are ordinary text), whether blanks around a cell are removed, and the decimal separator. table_format
/// detects it.
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
/// The separator that a first line "sep=;" names.
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

/// Detects the format of a table. The separator is the first of tab, ';', ',' and '|' that occurs in the first line
/// outside quotes, or the one that a line "sep=;" names; the first line is a header unless one of its cells is a
/// number. Numbers have a decimal comma if some have a comma and none has a point; a comma before the last three
/// digits, as in "1,234", counts only if the separator is ';'. Blanks around cells are removed.
inline TableFormat table_format(std::string_view text) {
    TableFormat format{.trim = true};
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix((std::min)(text.find_first_not_of("\r\n"), text.size()));
    if (const char named = detail::named_separator(text)) {
        format.separator = named;
        text.remove_prefix(text.find('\n') + 1);
    } else {
        std::string bare; // the first line without quoted parts
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
    for (std::string_view rest = text.substr(0, 10'000); !rest.empty();) { // the beginning is enough
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
