// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/read_number.hpp"
#include "../io/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline v0_1 {

/// How a table is written: what is between two cells, whether its first line names the columns, and whether quotes hold
/// cells together (or are text like any other).
struct TableFormat {
    char separator = ',';
    bool header = true, quotes = true;
    bool operator==(const TableFormat&) const = default;
};

/// The cells of a CSV or TSV file, row by row; read_table and parse_table make one.
///
/// A cell in double quotes may have separators, line ends and, doubled, quotes in it. Lines end with LF or CRLF, the
/// last one with or without; a byte order mark and blank lines are skipped. Columns without a header are named "1",
/// "2", ... A number may have blanks around it and a plus before it.
///
/// Errors  format, with the file and the line where the row begins: rows of different numbers of cells, no row, two
///         columns of one name, a quote that does not end or has text after it; a column that is not there, a cell that
///         is not a finite number of double. argument: a separator that ends lines or cells, a cell outside the table.
/// Memory  a string for each cell.
/// Source  RFC 4180.
class Table {
public:
    std::size_t rows() const noexcept { return lines_.size(); }
    std::size_t columns() const noexcept { return names_.size(); }
    const std::vector<std::string>& names() const noexcept { return names_; }

    /// The second form gives columns() where there is no such column.
    std::size_t column(std::string_view name) const {
        return or_fail([&](Error& error) { return column(name, error); });
    }
    std::size_t column(std::string_view name, Error& error) const noexcept {
        const auto look = [&] {
            const auto found = std::ranges::find(names_, name);
            if (found == names_.end()) {
                std::string there;
                for (const std::string& other : names_) there += (there.empty() ? "'" : ", '") + other + '\'';
                error = {Error::Kind::format,
                         source_ + ": no column '" + std::string{name} + "'; there are " + there};
            }
            return std::size_t(found - names_.begin());
            };
        return no_throw(error, look, columns());
    }
    const std::string& text(std::size_t row, std::size_t column) const {
        if (row >= rows() || column >= columns())
            fail(Error::Kind::argument, source_ + ": expected a row below " + std::to_string(rows()) +
                                            " and a column below " + std::to_string(columns()) + ", got " +
                                            std::to_string(row) + " and " + std::to_string(column));
        return cells_[row * columns() + column];
    }
    /// A column's cells; none and the error in the second form.
    std::vector<std::string> texts(std::string_view name) const {
        return or_fail([&](Error& error) { return texts(name, error); });
    }
    std::vector<std::string> texts(std::string_view name, Error& error) const noexcept {
        return no_throw(error, [&] {
            std::vector<std::string> all;
            const std::size_t k = column(name, error);
            if (k == columns()) return all;
            all.reserve(rows());
            for (std::size_t row = 0; row < rows(); ++row) all.push_back(cells_[row * columns() + k]);
            return all;
        });
    }
    /// The same as numbers.
    std::vector<double> numbers(std::string_view name) const {
        return or_fail([&](Error& error) { return numbers(name, error); });
    }
    std::vector<double> numbers(std::string_view name, Error& error) const noexcept {
        return no_throw(error, [&] {
            std::vector<double> all;
            const std::size_t k = column(name, error);
            if (k == columns()) return all;
            all.reserve(rows());
            for (std::size_t row = 0; row < rows(); ++row) {
                Error problem;
                all.push_back(number(row, k, problem));
                if (problem) return error = std::move(problem), std::vector<double>{};
            }
            return all;
        });
    }

private:
    friend Table parse_table(std::string_view, TableFormat, std::string, Error&) noexcept;

    double number(std::size_t row, std::size_t column, Error& error) const {
        const std::string& cell = cells_[row * columns() + column];
        std::string_view digits = cell;
        digits.remove_prefix(std::min(digits.find_first_not_of(" \t"), digits.size()));
        digits.remove_suffix(digits.size() - (digits.find_last_not_of(" \t") + 1));
        if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
        double value = 0;
        if (!detail::read_number(digits, value) || !std::isfinite(value))
            error = {Error::Kind::format, source_ + ": line " + std::to_string(lines_[row]) + ", column '" +
                                              names_[column] + "': expected a finite number, got '" + cell + '\''};
        return value;
    }

    std::string source_;
    std::vector<std::string> names_, cells_;
    std::vector<std::size_t> lines_; // where each row begins
};

/// The table that a text is; errors call it `source`.
inline Table parse_table(std::string_view text, TableFormat format, std::string source, Error& error) noexcept {
    return no_throw(error, [&]() -> Table {
        if (format.separator == '"' || format.separator == '\n' || format.separator == '\r') {
            error = {Error::Kind::argument, "rondo::TableFormat: separator: expected neither a quote nor a line's end"};
            return {};
        }
        const auto refuse = [&](const std::string& problem) {
            error = {Error::Kind::format, source + ": " + problem};
            return Table{};
        };
        std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
        const auto line_ends = [&] {
            return at == text.size() || text[at] == '\n' || (text[at] == '\r' && text.substr(at + 1, 1) == "\n");
        };
        Table table;
        std::vector<std::string> row;
        for (std::size_t line = 1; at < text.size(); ++line) {
            const std::size_t from = at, begun = line;
            row.clear();
            do {
                at += row.empty() ? 0 : 1; // past the separator
                std::string& cell = row.emplace_back();
                const auto place = [&] {
                    return "line " + std::to_string(line) + ", cell " + std::to_string(row.size());
                };
                const bool quoted = format.quotes && text.substr(at, 1) == "\"";
                for (bool more = quoted; more;) { // from quote to quote; between two there is one
                    const std::size_t quote = text.find('"', ++at);
                    if (quote == text.npos) return refuse(place() + ": its quote does not end");
                    cell += text.substr(at, quote - at);
                    at = quote + 1;
                    more = text.substr(at, 1) == "\"";
                    if (more) cell += '"';
                }
                if (quoted && !line_ends() && text[at] != format.separator)
                    return refuse(place() + ": expected nothing more after the closing quote");
                if (quoted) line += std::size_t(std::ranges::count(cell, '\n'));
                while (!line_ends() && text[at] != format.separator) cell += text[at++];
            } while (!line_ends());
            const bool blank = row.size() == 1 && text.substr(from, at - from).find_first_not_of(" \t") == text.npos;
            if (at < text.size()) at += text[at] == '\r' ? 2 : 1;
            if (blank) continue;

            const std::string begin = "line " + std::to_string(begun) + ": ";
            const bool first = table.names_.empty();
            if (first && format.header) {
                table.names_ = row;
                std::ranges::sort(row);
                if (const auto same = std::ranges::adjacent_find(row); same != row.end())
                    return refuse(begin + "two columns are named '" + *same + '\'');
                continue;
            }
            for (std::size_t k = 1; first && k <= row.size(); ++k) table.names_.push_back(std::to_string(k));
            if (row.size() != table.columns())
                return refuse(begin + "expected " + std::to_string(table.columns()) + " cells as in the " +
                              (format.header ? "header" : "first row") + ", got " + std::to_string(row.size()));
            std::ranges::move(row, std::back_inserter(table.cells_));
            table.lines_.push_back(begun);
        }
        if (table.rows() == 0)
            return refuse(std::string{"expected "} + (format.header ? "a header and " : "") + "one row or more, got " +
                          (table.columns() == 0 ? "none" : "the header only"));
        table.source_ = std::move(source);
        return table;
    });
}
inline Table parse_table(std::string_view text, TableFormat format = {}, std::string source = "table") {
    return or_fail([&](Error& error) { return parse_table(text, format, std::move(source), error); });
}

/// The table in a file of UTF-8.
///
/// Errors  file, format: those of io::read_text; those of Table.
inline Table read_table(const std::filesystem::path& path, TableFormat format, Error& error) noexcept {
    return no_throw(error, [&] {
        Error problem;
        const std::string text = io::read_text(path, problem);
        if (problem) return error = std::move(problem), Table{};
        return parse_table(text, format, path.string(), error);
    });
}
inline Table read_table(const std::filesystem::path& path, TableFormat format = {}) {
    return or_fail([&](Error& error) { return read_table(path, format, error); });
}

} // namespace rondo
