// SPDX-License-Identifier: MIT
#include <rondo/data/table.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace table_test {

using namespace rondo;
using Texts = std::vector<std::string>;

constexpr TableFormat bare{.header = false};

Texts cells(const Table& table) {
    Texts all;
    for (std::size_t row = 0; row < table.rows(); ++row)
        for (std::size_t k = 0; k < table.columns(); ++k) all.push_back(table.text(row, k));
    return all;
}

/// Both ways to read this text say this.
void refused(std::string_view text, const std::string& message, TableFormat format = {}) {
    Error error;
    EXPECT_EQ(parse_table(text, format, "x.csv", error).rows(), 0u) << text;
    EXPECT_EQ(error, (Error{Error::Kind::format, "x.csv: " + message})) << text;
    EXPECT_EQ(failure_of([&] { parse_table(text, format, "x.csv"); }), error) << text;
}

TEST(Table, HasNamesAndRows) {
    const Table t = parse_table("Date,Temp\n1981-01-01,20.7\n1981-01-02,-17.9e0\n");
    EXPECT_EQ(t.rows(), 2u);
    EXPECT_EQ(t.columns(), 2u);
    EXPECT_EQ(t.names(), (Texts{"Date", "Temp"}));
    EXPECT_EQ(t.column("Date"), 0u);
    EXPECT_EQ(t.column("Temp"), 1u);
    EXPECT_EQ(t.text(1, 0), "1981-01-02");
    EXPECT_EQ(t.texts("Date"), (Texts{"1981-01-01", "1981-01-02"}));
    EXPECT_EQ(t.numbers("Temp"), (std::vector{20.7, -17.9}));
}

TEST(Table, WithoutAHeaderNumbersItsColumns) {
    const Table t = parse_table("ham\tGo, now\nspam\t\"Win\"\"!\"", {.separator = '\t', .header = false});
    EXPECT_EQ(t.names(), (Texts{"1", "2"}));
    EXPECT_EQ(t.texts("2"), (Texts{"Go, now", "Win\"!"}));
    EXPECT_EQ(parse_table("1\n2\n", bare).numbers("1"), (std::vector{1.0, 2.0}));
}

TEST(Table, KnowsQuotes) {
    EXPECT_EQ(cells(parse_table("a,b\n\"x,y\",\"1\n\r\n2\"\n\"\",\"\"\"\"\n\"a\"\"\"\"b\",\"\"\"c\"\"\"", bare)),
              (Texts{"a", "b", "x,y", "1\n\r\n2", "", "\"", "a\"\"b", "\"c\""}));
    EXPECT_EQ(cells(parse_table("5\",it\"\"s\n", bare)), (Texts{"5\"", "it\"\"s"})) << "only where a cell begins";
    EXPECT_EQ(parse_table("\"a,\"\"\n\",b\n1,2").names(), (Texts{"a,\"\n", "b"}));
}

TEST(Table, KnowsLineEnds) {
    const Texts abcd{"a", "b", "c", "d"};
    for (const char* text : {"a,b\nc,d", "a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\r\nc,d", "\"a\",\"b\"\r\n\"c\",\"d\"\r\n",
                             "\xEF\xBB\xBF"
                             "a,b\nc,d\n",
                             "\xEF\xBB\xBF\"a\",b\nc,d\n", "\n\r\na,b\n \t\n\nc,d\n\n\r\n  "})
        EXPECT_EQ(cells(parse_table(text, bare)), abcd) << text;
    EXPECT_EQ(cells(parse_table("a\r,\rb\n", bare)), (Texts{"a\r", "\rb"})) << "a lone CR ends nothing";
    EXPECT_EQ(cells(parse_table(",\n\n,x\r\n", bare)), (Texts{"", "", "", "x"}));
    EXPECT_EQ(cells(parse_table("\"\"\n\n\" \"\n", bare)), (Texts{"", " "})) << "quoted, they are cells";
    EXPECT_EQ(cells(parse_table("\t\t\n", {.separator = '\t', .header = false})), (Texts{"", "", ""}));
    EXPECT_EQ(cells(parse_table("  \n", {.separator = ' ', .header = false})), (Texts{"", "", ""}));
}

TEST(Table, ReadsNumbers) {
    EXPECT_EQ(parse_table("x\n 1.5\n-2 \n\t+3\t\n1e-3\n.5\n5.\n\"7\"\n-0\n1797693134862315e293").numbers("x"),
              (std::vector<double>{1.5, -2, 3, 1e-3, .5, 5, 7, 0, 1797693134862315e293}));
    for (const std::string bad : {"", " ", "abc", "nan", "inf", "-inf", "NaN", "1x", "1 2", "+-1", "++1", "--1", "+",
                                  "0x10", "1e999", "1e", "1;5", "\u0661"}) {
        const Table t = parse_table("Date,Temp\na,1\n\nb,2\nc," + bad + "\nd,3\n", {}, "x.csv");
        expect_failure([&] { t.numbers("Temp"); }, Error::Kind::format,
                       "x.csv: line 5, column 'Temp': expected a finite number, got '" + printable(bad) + "'");
        EXPECT_EQ(t.texts("Temp"), (Texts{"1", "2", bad, "3"}));
    }
}

TEST(Table, TellsWhereARowBegins) {
    const Table t = parse_table("\"a\nb\",c\r\n\"1\r\n\n\",\"2\n\"\r\n\nx,bad\n", {}, "x.csv");
    expect_failure([&] { t.numbers("c"); }, Error::Kind::format,
                   "x.csv: line 3, column 'c': expected a finite number, got '2\\n'");
    refused("\"a\nb\",c\r\n\"1\r\n\n\",\"2\n\"\r\n\nx\n",
            "line 8: expected 2 cells as in the header, got 1 with ',' between them");
}

TEST(Table, RefusesRowsOfOtherLengths) {
    refused("a,b,c\n1,2,3\n1,2\n", "line 3: expected 3 cells as in the header, got 2 with ',' between them");
    refused("a,b,c\n\n\n1,2,3,4", "line 4: expected 3 cells as in the header, got 4 with ',' between them");
    refused("a,b\n1,2,\n", "line 2: expected 2 cells as in the header, got 3 with ',' between them");
    refused("a,b\n1\n", "line 2: expected 2 cells as in the first row, got 1 with ',' between them", bare);
    refused("a,b\n1;2\n", "line 2: expected 1 cells as in the header, got 2 with ';' between them", {.separator = ';'});
}

TEST(Table, RefusesWhatHasNoRows) {
    refused("a,b", "expected a header and one row or more, got the header only");
    refused("a,b\r\n\n  \n", "expected a header and one row or more, got the header only");
    for (const char* empty : {"", "\n", " \r\n\t", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"}) {
        refused(empty, "expected a header and one row or more, got none");
        refused(empty, "expected one row or more, got none", bare);
    }
}

TEST(Table, RefusesWrongQuotes) {
    refused("a,b\n1,\"2\n3,4\n", "line 2, cell 2: its quote does not end");
    refused("\"", "line 1, cell 1: its quote does not end");
    refused("a\n\"x\n\"\"\n\n", "line 2, cell 1: its quote does not end");
    refused("a,b\n\"x\n\ny\",\"", "line 4, cell 2: its quote does not end");
    for (const char* more : {"\"x\"y", "\"x\" ", "\"x\"\r", "\"x\";"})
        refused(std::string{"a,b\n1,"} + more + ",3\n",
                "line 2, cell 2: expected nothing more after the closing quote");
}

TEST(Table, RefusesNamesThatAreTwiceOrNotThere) {
    refused("\nTemp,Date,Temp\n1,2,3\n", "line 2: two columns are named 'Temp'");
    refused("a,,\n1,2,3\n", "line 1: two columns are named ''");
    EXPECT_EQ(parse_table(",a\n1,2\n").numbers(""), std::vector{1.0});
    EXPECT_EQ(parse_table("x,x\n", bare).rows(), 1u);
    const Table t = parse_table("Date, Temp\n1,2\n", {}, "x.csv");
    const std::string message = "x.csv: no column 'Temp'; there are 'Date', ' Temp', "
                                "with blanks around it (TableFormat::trim)";
    expect_failure([&] { (void)t.column("Temp"); }, Error::Kind::format, message);
    expect_failure([&] { (void)t.texts("Temp"); }, Error::Kind::format, message);
    expect_failure([&] { (void)t.numbers("Temp"); }, Error::Kind::format, message);
}

TEST(Table, RefusesArgumentsOutOfRange) {
    const Table t = parse_table("a,b\n1,2\n", bare, "x.csv");
    EXPECT_EQ(t.text(1, 1), "2");
    for (const auto& [row, column] : {std::pair{2, 0}, {0, 2}, {2, 2}})
        expect_argument([&, at = std::size_t(row), k = std::size_t(column)] { (void)t.text(at, k); },
                        "x.csv: expected a row below 2 and a column below 2, got " + std::to_string(row) + " and " +
                            std::to_string(column));
    for (const char separator : {'"', '\n', '\r'})
        expect_argument([&] { parse_table("a\n1\n", {.separator = separator}); },
                        "rondo::TableFormat: separator: expected neither a quote nor a line's end");
}

TEST(Table, IsReadFromAFile) {
    const TemporaryFolder folder;
    const auto path = folder / "t.csv";
    const auto write = [&](std::string_view text) { io::write_file(path, std::as_bytes(std::span{text})); };
    const auto expect = [&](Error::Kind kind, const std::string& message) {
        Error error;
        EXPECT_EQ(read_table(path, {}, error).rows(), 0u);
        EXPECT_EQ(error, (Error{kind, message}));
        EXPECT_EQ(failure_of([&] { read_table(path); }), error);
    };
    expect(Error::Kind::file, "cannot read " + path.string() + ": No such file or directory");
    write("");
    expect(Error::Kind::format, path.string() + ": expected a text, got an empty file");
    write("a\ngr\xFC\xDF\n");
    expect(Error::Kind::format, path.string() + ": expected UTF-8, but byte 4 is not part of any");
    write("a,b\n1\n");
    expect(Error::Kind::format,
           path.string() + ": line 2: expected 2 cells as in the header, got 1 with ',' between them");
    write("a;b\ngr\u00FC\u00DFe;1\n");
    Error error{Error::Kind::argument, "from before"};
    EXPECT_EQ(cells(read_table(path, {.separator = ';'}, error)), (Texts{"gr\u00FC\u00DFe", "1"}));
    EXPECT_EQ(error, (Error{Error::Kind::argument, "from before"}));
    EXPECT_EQ(read_table(path, {.separator = ';'}).numbers("b"), std::vector{1.0});
    expect_failure([&] { read_table(path).numbers("a;b"); }, Error::Kind::format,
                   path.string() + ": line 2, column 'a;b': expected a finite number, got 'gr\u00FC\u00DFe;1'");
}

TEST(Table, TakesQuotesForTextWhereTheyHoldNothingTogether) {
    const TableFormat tsv{.separator = '\t', .header = false, .quotes = false};
    EXPECT_EQ(cells(parse_table("1\t\"fine\", he said\n0\t\"\n", tsv)), (Texts{"1", "\"fine\", he said", "0", "\""}));
}

TEST(Table, LeavesOutBlanksAroundCellsOnRequest) {
    const TableFormat trim{.trim = true};
    const Table t = parse_table(" Date,\t Temp \n a b , \"1\" \n\t,2\n", trim);
    EXPECT_EQ(t.names(), (Texts{"Date", "Temp"}));
    EXPECT_EQ(t.texts("Date"), (Texts{"a b", ""}));
    EXPECT_EQ(t.numbers("Temp"), (std::vector{1.0, 2.0}));
    EXPECT_EQ(cells(parse_table("a\t b \t\t\" c \"\n", {.separator = '\t', .header = false, .trim = true})),
              (Texts{"a", "b", "", " c "}))
        << "not the separator, nor what is in quotes";
    refused("a,b\n1, \"2\" x\n", "line 2, cell 2: expected nothing more after the closing quote", trim);
}

TEST(Table, ReadsDecimalCommas) {
    const TableFormat comma{.separator = ';', .decimal = ','};
    EXPECT_EQ(parse_table("x;y\n1,5;2\n-1,25e3;+,5\n", comma).numbers("x"), (std::vector{1.5, -1250.0}));
    EXPECT_EQ(parse_table("x;y\n1,5;2\n-1,25e3;+,5\n", comma).numbers("y"), (std::vector{2.0, 0.5}));
    expect_failure([&] { parse_table("x\n1.5\n", comma, "x.csv").numbers("x"); }, Error::Kind::format,
                   "x.csv: line 2, column 'x': expected a finite number, got '1.5' (TableFormat::decimal)");
    expect_failure([&] { parse_table("x\n1.234,5\n", comma, "x.csv").numbers("x"); }, Error::Kind::format,
                   "x.csv: line 2, column 'x': expected a finite number, got '1.234,5'");
    expect_failure([&] { parse_table("x;y\n1;2,5\n", {.separator = ';'}, "x.csv").numbers("y"); }, Error::Kind::format,
                   "x.csv: line 2, column 'y': expected a finite number, got '2,5' (TableFormat::decimal)");
}

TEST(Table, SaysWhyAColumnMayNotBeThere) {
    const auto said = [](std::string_view text, TableFormat format = {}) {
        std::string message = failure_of([&] { (void)parse_table(text, format, "x").column("level"); }).message;
        EXPECT_TRUE(message.starts_with("x: no column 'level'; there are '")) << message;
        return message.substr(std::string_view{"x: no column 'level'; there are "}.size());
    };
    EXPECT_EQ(said("day;level\n1;2\n"), "'day;level': cells end at ',', the file has ';' (TableFormat::separator)");
    EXPECT_EQ(said("day\tlevel\n1\t2\n", {.separator = ';'}),
              R"('day\tlevel': cells end at ';', the file has tabs (TableFormat::separator))");
    EXPECT_EQ(said("day,level\n1,2\n", {.separator = '\t'}),
              "'day,level': cells end at tabs, the file has ',' (TableFormat::separator)");
    EXPECT_EQ(said("2020-01-01,2.5\n2020-01-02,2\n"),
              "'2020-01-01', '2.5': its first line may be no header (TableFormat::header)");
    EXPECT_EQ(said("day\x1b[2J,depth\n1,2\n"), R"('day\x1b[2J', 'depth')");
    refused("a,b\r1,2\r",
            "expected a header and one row or more, got the header only; its lines end in CR, not in LF or CRLF");
}

TEST(TableFormat, IsFoundOut) {
    const auto numbers = [](std::string_view text) {
        const Table table = parse_table(text, table_format(text));
        return table.numbers(table.names()[table.columns() - 1 - (table.names().back().empty() ? 1 : 0)]);
    };
    for (const char* text :
         {"day,level\n1,1.5\n2,-2\n", "day;level\n1;1.5\n2;-2\n", "day\tlevel\r\n1\t1.5\r\n2\t-2\r\n",
          "day;level\n1;1,5\n2;-2\n", "\xEF\xBB\xBFsep=;\r\nday;level\r\n1;1,5\r\n2;-2\r\n",
          "sep=,\nday,level\n1,1.5\n2,-2\n", "1,1.5\n2,-2\n", "\n2020-01-01;1,5\n2020-01-02;-2\n",
          "day, level\n1, 1.5\n2, -2\n", "\"day, of year\"; \"level; m\"\n1; \"1,5\"\n2; -2",
          "\"day;\", level \n1,\"1.5\"\n2,\"-2\"\n", "level\n1.5\n-2\n", "1.5\n-2\n", "sep=:\nday:level\n1:1.5\n2:-2\n",
          "day|level\n1|1.5\n2|-2\n", "day\tlevel\n1\t1,5\n2\t-2\n", "day,level\n\"1\",\"1,5\"\n\"2\",\"-2\"\n",
          "day,level,\n1,1.5,\n2,-2,\n"})
        EXPECT_EQ(numbers(text), (std::vector{1.5, -2.0})) << text;
    EXPECT_EQ(table_format("a,b\n1,2\n"), (TableFormat{.trim = true}));
    EXPECT_EQ(table_format("1;2,5\n"), (TableFormat{.separator = ';', .header = false, .trim = true, .decimal = ','}));
    EXPECT_EQ(table_format("1,\"2,500\"\n").decimal, '.');
    EXPECT_EQ(table_format("1;2,500\n").decimal, ',');
    EXPECT_EQ(table_format("a;b\n1.5;2,5\n").decimal, '.') << "either may separate thousands";
    EXPECT_EQ(table_format("a\tb\n1\t2,500\n").decimal, '.');
    for (const char* odd : {"", "\n", "sep=", "sep=;", "sep=;\n", "\"", "\"\n;", "\xEF\xBB\xBF", "a"}) {
        Error error;
        EXPECT_EQ(parse_table(odd, table_format(odd), "x", error).rows(), 0u) << odd;
        EXPECT_EQ(error.kind, Error::Kind::format) << odd;
    }
}

RC_GTEST_PROP(Table, ReadsWhatIsQuoted, ()) {
    const char separator = *rc::gen::element(',', '\t', ';', ' ');
    const std::string end = *rc::gen::element<std::string>("\n", "\r\n");
    const auto cell =
        rc::gen::container<std::string>(rc::gen::element('a', '1', '"', ',', ';', '\t', ' ', '\r', '\n', '\0', '\xC3'));
    const std::size_t columns = *rc::gen::inRange<std::size_t>(1, 5), rows = *rc::gen::inRange<std::size_t>(1, 6);
    const Texts all = *rc::gen::container<Texts>(columns * rows, cell);
    std::string text;
    for (std::size_t k = 0; k < all.size(); ++k) {
        text += k == 0 ? "" : k % columns == 0 ? end : std::string(1, separator);
        std::string quoted;
        for (const char c : all[k]) quoted += c == '"' ? "\"\"" : std::string(1, c);
        const bool plain = all[k].find_first_of("\"\r\n" + std::string(1, separator)) == std::string::npos;
        const bool blank = columns == 1 && all[k].find_first_not_of(" \t") == std::string::npos;
        text += plain && !blank && *rc::gen::arbitrary<bool>() ? all[k] : '"' + quoted + '"';
    }
    if (*rc::gen::arbitrary<bool>()) text += end;
    const Table table = parse_table(text, {.separator = separator, .header = false});
    RC_ASSERT(table.columns() == columns);
    RC_ASSERT(cells(table) == all);
}

RC_GTEST_PROP(Table, IsWholeOrRefused, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', '"', ',', '\r', '\n', ' '));
    Error error;
    const Table table = parse_table(text, {.header = *rc::gen::arbitrary<bool>()}, "x", error);
    RC_ASSERT((table.rows() == 0) == bool(error));
    RC_ASSERT(cells(table).size() == table.rows() * table.names().size());
    if (error) RC_ASSERT(error.message.starts_with("x: "));
}

TEST(Table, TellsErrorsWithoutExceptions) {
    const Table t = parse_table("Date,Temp\na,1\nb,x\n", {}, "x.csv");
    static_assert(noexcept(t.numbers("", std::declval<Error&>())) && noexcept(t.texts("", std::declval<Error&>())) &&
                  noexcept(t.column("", std::declval<Error&>())));
    Error error;
    EXPECT_EQ(t.column("Temp", error), 1u);
    EXPECT_EQ(t.texts("Date", error), (Texts{"a", "b"}));
    EXPECT_EQ(error, Error{});
    EXPECT_EQ(t.numbers("Temp", error), std::vector<double>{});
    EXPECT_EQ(failure_of([&] { t.numbers("Temp"); }), error);
    EXPECT_EQ(error.message, "x.csv: line 3, column 'Temp': expected a finite number, got 'x'");
    const Error none{Error::Kind::format, "x.csv: no column 'temp'; there are 'Date', 'Temp'"};
    for (const auto& asked : {std::function<void(Error&)>{[&](Error& e) { EXPECT_EQ(t.column("temp", e), 2u); }},
                              std::function<void(Error&)>{[&](Error& e) { EXPECT_EQ(t.texts("temp", e), Texts{}); }},
                              std::function<void(Error&)>{[&](Error& e) { t.numbers("temp", e); }}}) {
        Error said;
        asked(said);
        EXPECT_EQ(said, none);
    }
}

} // namespace table_test
