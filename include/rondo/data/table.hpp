// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/printable.hpp"
#include "../core/range.hpp"
#include "../io/text.hpp"
#include "table_format.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The cells of a CSV or TSV file, row by row; read_table and parse_table return one.
///
/// A cell in double quotes may contain separators, line ends and, doubled, quotes. Lines end with LF or CRLF, optional
/// after the last; a byte order mark, blank lines and a first line "sep=," that names the separator are skipped.
/// Columns without a header are named "1", "2", ... A number may have blanks around it and a plus sign.
///
/// Errors  format, with the file and the line where the row begins: rows of different numbers of cells, no row, two
///         columns of the same name, a quote that does not end or has text after it; a column that does not exist, a
///         cell that is not a finite double. argument: a separator that is a line end or a quote, a cell outside the
///         table.
/// Memory  a string for each cell.
/// Source  RFC 4180.
class Table {
public:
    std::size_t rows() const noexcept { return lines_.size(); }
    std::size_t columns() const noexcept { return names_.size(); }
    const std::vector<std::string>& names() const noexcept { return names_; }

    /// The second overload returns columns() if there is no such column.
    std::size_t column(std::string_view name) const {
        return or_fail([&](Error& error) { return column(name, error); });
    }
    std::size_t column(std::string_view name, Error& error) const noexcept {
        const auto look = [&] {
            const auto found = range::find(names_, name);
            if (found == names_.end()) {
                std::string there;
                for (const std::string& other : names_)
                    there += (there.empty() ? "'" : ", '") + printable(other) + '\'';
                error = {Error::Kind::format,
                         source_ + ": no column '" + printable(name) + "'; there are " + there + hint(name)};
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
    /// Whether a cell of the table is a finite number.
    bool is_number(std::size_t row, std::size_t column) const {
        double value = 0;
        return detail::cell_number(text(row, column), format_.decimal, value);
    }
    /// A column's cells; the second overload returns none and the error if there is no such column.
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
        double value = 0;
        if (detail::cell_number(cell, format_.decimal, value)) return value;
        const char other = format_.decimal == ',' ? '.' : ',';
        const bool swapped = detail::cell_number(cell, other, value);
        error = {Error::Kind::format, source_ + ": line " + std::to_string(lines_[row]) + ", column '" +
                                          printable(names_[column]) + "': expected a finite number, got '" +
                                          printable(cell) + '\'' + (swapped ? " (TableFormat::decimal)" : "")};
        return value;
    }
    /// A hint why a column may be missing.
    std::string hint(std::string_view name) const {
        for (const std::string& other : names_)
            if (detail::trimmed(other) == detail::trimmed(name)) return ", with blanks around it (TableFormat::trim)";
        for (const char separator : {'\t', ';', ','})
            if (columns() == 1 && names_[0].find(separator) != std::string::npos)
                return ": cells end at " + detail::shown(format_.separator) + ", the file has " +
                       detail::shown(separator) + " (TableFormat::separator)";
        double value = 0;
        if (format_.header && range::any_of(names_, [&](const std::string& cell) {
                return detail::cell_number(cell, format_.decimal, value);
            }))
            return ": its first line may be no header (TableFormat::header)";
        return {};
    }

    std::string source_;
    TableFormat format_;
    std::vector<std::string> names_, cells_;
    std::vector<std::size_t> lines_; // where each row begins
};

/// Parses a table from text; error messages call the text `source`.
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
        std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0, line = 1;
        if (detail::named_separator(text.substr(at)) == format.separator) {
            at = text.find('\n', at) + 1;
            ++line;
        }
        const auto line_ends = [&] {
            return at == text.size() || text[at] == '\n' || (text[at] == '\r' && text.substr(at + 1, 1) == "\n");
        };
        const auto cell_ends = [&] { return line_ends() || text[at] == format.separator; };
        const auto pass_blanks = [&] {
            while (format.trim && !cell_ends() && (text[at] == ' ' || text[at] == '\t')) ++at;
        };
        Table table;
        std::vector<std::string> row;
        for (; at < text.size(); ++line) {
            const std::size_t from = at, begun = line;
            row.clear();
            do {
                at += row.empty() ? 0 : 1; // past the separator
                std::string& cell = row.emplace_back();
                const auto place = [&] {
                    return "line " + std::to_string(line) + ", cell " + std::to_string(row.size());
                };
                pass_blanks();
                const bool quoted = format.quotes && text.substr(at, 1) == "\"";
                for (bool more = quoted; more;) { // from quote to quote; two adjacent quotes are one character
                    const std::size_t quote = text.find('"', ++at);
                    if (quote == text.npos) return refuse(place() + ": its quote does not end");
                    cell += text.substr(at, quote - at);
                    at = quote + 1;
                    more = text.substr(at, 1) == "\"";
                    if (more) cell += '"';
                }
                if (quoted) pass_blanks();
                if (quoted && !cell_ends()) return refuse(place() + ": expected nothing more after the closing quote");
                if (quoted) line += std::size_t(range::count(cell, '\n'));
                while (!cell_ends()) cell += text[at++];
                if (format.trim && !quoted) cell.resize(detail::trimmed(cell).size());
            } while (!line_ends());
            const bool blank = row.size() == 1 && text.substr(from, at - from).find_first_not_of(" \t") == text.npos;
            if (at < text.size()) at += text[at] == '\r' ? 2 : 1;
            if (blank) continue;

            const std::string begin = "line " + std::to_string(begun) + ": ";
            const bool first = table.names_.empty();
            if (first && format.header) {
                table.names_ = row;
                std::vector<std::size_t> order(row.size());
                std::iota(order.begin(), order.end(), std::size_t{0});
                range::sort_positions(order, [&](std::size_t a, std::size_t b) { return row[a] < row[b]; });
                for (std::size_t k = 1; k < order.size(); ++k)
                    if (row[order[k]] == row[order[k - 1]])
                        return refuse(begin + "two columns are named '" + printable(row[order[k]]) + '\'');
                continue;
            }
            for (std::size_t k = 1; first && k <= row.size(); ++k) table.names_.push_back(std::to_string(k));
            if (row.size() != table.columns())
                return refuse(begin + "expected " + std::to_string(table.columns()) + " cells as in the " +
                              (format.header ? "header" : "first row") + ", got " + std::to_string(row.size()) +
                              " with " + detail::shown(format.separator) + " between them");
            std::move(row.begin(), row.end(), std::back_inserter(table.cells_));
            table.lines_.push_back(begun);
        }
        const bool lone_cr = text.find('\n') == text.npos && text.find('\r') != text.npos;
        if (table.rows() == 0)
            return refuse(std::string{"expected "} + (format.header ? "a header and " : "") + "one row or more, got " +
                          (table.columns() == 0 ? "none" : "the header only") +
                          (lone_cr ? "; its lines end in CR, not in LF or CRLF" : ""));
        table.format_ = format;
        table.source_ = std::move(source);
        return table;
    });
}
inline Table parse_table(std::string_view text, TableFormat format = {}, std::string source = "table") {
    return or_fail([&](Error& error) { return parse_table(text, format, std::move(source), error); });
}

/// Reads a table from a UTF-8 file.
///
/// Errors  file, format: those of io::read_text and of Table.
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
