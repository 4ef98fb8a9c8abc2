// SPDX-License-Identifier: MIT
// Tensors in external data: in files beside the model, and only there.
#include "onnx_file.hpp"

#include "../support/failure.hpp"
#include "../support/folder.hpp"
#include "../support/model_text.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

namespace onnx_external_test {

using namespace rondo;
using namespace std::string_view_literals;
using Writer = OnnxFile::Writer;
using Places = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr auto eight_bytes = "\0\0\x80\x3F\0\0\0\xC0"sv; // 1, -2
const io::Array expected{1, 2, {1, -2}};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

/// A MatMul whose weights are (2, 1) in another file.
std::string model_of(Places places, std::int64_t type = 1, std::int64_t location = 1) {
    Writer weights = Writer{}.whole(1, 2).whole(1, 1).whole(2, type).text(8, "w");
    for (const auto& [key, value] : places) weights.message(13, Writer{}.text(1, key).text(2, value));
    OnnxFile file;
    file.input("x", {0, 2}).output("y");
    file.raw(5, weights.whole(14, location));
    file.node("MatMul", {"x", "w"}, {"y"});
    return file.bytes();
}
const std::string w = "node \"y\" (MatMul): tensor \"w\" ";

TEST(OnnxExternal, AFileIsReadOnceForAllReadingsOfAGraph) {
    OnnxFile file;
    file.input("x", {0, 2, 5}).output("y"); // the features are the last axis, or, as a Conv needs them, the second
    file.raw(5, Writer{}.whole(1, 1).whole(1, 2).whole(1, 1).whole(2, 1).text(8, "w").whole(14, 1).message(
                    13, Writer{}.text(1, "location").text(2, "w.data")));
    file.node("Conv", {"x", "w"}, {"y"});
    int reads = 0;
    const io::OnnxExternal external = [&](std::string_view) { return ++reads, bytes_of(eight_bytes); };
    EXPECT_EQ(io::read_onnx(bytes_of(file.bytes()), {.external = external}).layers[0].arrays[0], expected);
    EXPECT_EQ(reads, 1);
}

TEST(OnnxExternal, TensorsLieInAnotherFile) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "part");
    io::write_file(folder / "w.data", bytes_of("1234\0\0\x80\x3F\0\0\0\xC0"sv));
    io::write_file(folder / "part" / "w", bytes_of(eight_bytes));
    const auto model = folder / "model.onnx";
    for (const Places places :
         {Places{{"location", "w.data"}, {"offset", "4"}, {"length", "8"}},
          Places{{"offset", "4"}, {"location", "w.data"}}, Places{{"location", "./part/w"}, {"checksum", "0123"}},
          Places{{"location", "part//w"}, {"offset", "0"}, {"length", "8"}}}) {
        io::write_file(model, bytes_of(model_of(places)));
        EXPECT_EQ(io::read_onnx(model).layers[0].arrays[0], expected);
        EXPECT_EQ(io::read_onnx(model, {.limit = 1000}).layers[0].arrays[0], expected);
    }
    const auto file = model_of({{"location", "w.data"}, {"offset", "4"}});
    std::string asked;
    const auto weights = io::read_onnx(bytes_of(file), {.external = [&](std::string_view location) {
                                           asked += location;
                                           return bytes_of("1234\0\0\x80\x3F\0\0\0\xC0more"sv);
                                       }});
    EXPECT_EQ(weights.layers[0].arrays[0], expected);
    EXPECT_EQ(asked, "w.data");
}

TEST(OnnxExternal, AnotherFileHasAllTheirNumbers) {
    const auto problem = [](Places places, std::string_view data, std::int64_t type = 1, std::int64_t location = 1) {
        const auto file = model_of(places, type, location);
        Error error;
        EXPECT_TRUE(
            io::read_onnx(bytes_of(file), {.external = [&](auto) { return bytes_of(data); }}, error).layers.empty());
        EXPECT_EQ(error.kind, data.empty() ? Error::Kind::file : Error::Kind::format);
        return error.message;
    };
    const std::string begin = "onnx: " + w,
                      shape = begin + "has the shape [2,1] of FLOAT, 8 bytes, but the external data's length is ",
                      lies = begin + "lies at the bytes from ", of_it = begin + "has the external data's ";
    EXPECT_EQ(problem({{"location", "d"}, {"length", "7"}}, eight_bytes), shape + "7");
    EXPECT_EQ(problem({{"location", "d"}, {"length", "18446744073709551615"}}, eight_bytes),
              shape + "18446744073709551615");
    EXPECT_EQ(problem({{"location", "d"}, {"offset", "1"}}, eight_bytes),
              lies + "1 on, 8 of them, of \"d\", which has 8");
    EXPECT_EQ(problem({{"location", "d"}, {"offset", "18446744073709551615"}}, eight_bytes),
              lies + "18446744073709551615 on, 8 of them, of \"d\", which has 8");
    EXPECT_EQ(problem({{"location", "d"}}, eight_bytes.substr(1)), lies + "0 on, 8 of them, of \"d\", which has 7");
    EXPECT_EQ(problem({{"location", "d"}}, eight_bytes, 11), lies + "0 on, 16 of them, of \"d\", which has 8");
    for (const char* number : {"-1", "", "1x", " 1", "0x1", "18446744073709551616"})
        EXPECT_EQ(problem({{"location", "d"}, {"offset", number}}, eight_bytes),
                  of_it + "offset \"" + number + "\"; expected a number of bytes");
    EXPECT_EQ(problem({{"location", "d"}, {"place", "8"}}, eight_bytes),
              of_it + "\"place\"; expected location, offset, length and checksum");
    EXPECT_EQ(problem({{"location", "d"}, {"location", "e"}}, eight_bytes), of_it + "location twice");
    EXPECT_EQ(problem({{"offset", "0"}}, eight_bytes),
              "onnx: " + w + "keeps its numbers in another file, but does not say in which");
    EXPECT_EQ(problem({}, eight_bytes), "onnx: " + w + "keeps its numbers in another file, but does not say where");
    EXPECT_EQ(problem({{"location", "d"}}, eight_bytes, 1, 0),
              "onnx: " + w + "says where numbers lie in another file, but its data_location is not EXTERNAL");
    EXPECT_EQ(problem({{"location", "d"}}, eight_bytes, 1, 2), "onnx: " + w + "has the data_location 2");
    EXPECT_EQ(problem({{"location", "d"}}, ""),
              begin + "keeps its numbers in \"d\", for which OnnxOptions::external has nothing");
    EXPECT_EQ(layers_of(model_of({{"location", "d"}})),
              begin + "keeps its numbers in another file, \"d\"; read the model by its path, or give that file's bytes "
                      "by OnnxOptions::external");
}

TEST(OnnxExternal, NoOtherFileThanOnesBesideTheModel) {
    const TemporaryFolder folder;
    const auto inner = folder / "inner", model = inner / "model.onnx";
    std::filesystem::create_directories(inner / "part");
    io::write_file(folder / "w", bytes_of(eight_bytes));
    io::write_file(inner / "w", bytes_of(eight_bytes));
    std::filesystem::create_symlink(folder / "w", inner / "out");
    std::filesystem::create_directory_symlink(folder.path(), inner / "up");
    std::filesystem::create_symlink("w", inner / "link");
    std::filesystem::create_symlink("loop", inner / "loop");
    const auto problem = [&](std::string_view location, io::OnnxOptions options = {}) {
        io::write_file(model, bytes_of(model_of({{"location", location}})));
        Error error;
        io::read_onnx(model, options, error);
        return error.message;
    };
    const std::string begin = model.string() + ": " + w, keeps = begin + "keeps its numbers in \"",
                      cannot = begin + "keeps its numbers in another file: cannot read ";
    EXPECT_EQ(problem("w"), "");
    EXPECT_EQ(problem("link"), "");
    const std::string absolute = (inner / "w").string();
    for (const std::string_view location :
         {"../w"sv, "part/../w"sv, ".."sv, "..\\w"sv, "w\0"sv, std::string_view{absolute}})
        EXPECT_EQ(problem(location).substr(0, keeps.size()), keeps) << location;
    EXPECT_EQ(problem("../w"), keeps + "../w\"; expected a path from the model's folder down");
    EXPECT_EQ(problem("out"), keeps + "out\", which is a link out of the model's folder");
    EXPECT_EQ(problem("up/w"), keeps + "up/w\", which is a link out of the model's folder");
    EXPECT_EQ(problem("."), cannot + inner.string() + ": it is not a regular file");
    EXPECT_EQ(problem("part"), cannot + (inner / "part").string() + ": it is not a regular file");
    EXPECT_EQ(problem("none"), cannot + (inner / "none").string() + ": No such file or directory");
    EXPECT_NE(problem("loop"), "");
    ASSERT_EQ(::mkfifo((inner / "pipe").c_str(), 0600), 0); // which nothing writes
    EXPECT_EQ(problem("pipe"), cannot + (inner / "pipe").string() + ": it is not a regular file");
    io::write_file(model, bytes_of(model_of({{"location", "w"}})));
    EXPECT_EQ(problem("w", {.limit = std::filesystem::file_size(model) + 7}),
              cannot + (inner / "w").string() + ": it has 8 bytes; at most 7 are allowed");

    const auto elsewhere = folder / "elsewhere"; // as a cache keeps them: links to files of one folder
    std::filesystem::create_directory(elsewhere);
    std::filesystem::create_symlink(model, elsewhere / "model.onnx");
    std::filesystem::create_symlink(inner / "w", elsewhere / "w");
    EXPECT_EQ(io::read_onnx(elsewhere / "model.onnx").layers[0].arrays[0], expected);
    std::filesystem::remove(elsewhere / "w");
    std::filesystem::create_symlink(folder / "w", elsewhere / "w");
    expect_failure([&] { io::read_onnx(elsewhere / "model.onnx"); }, Error::Kind::format,
                   (elsewhere / "model.onnx").string() + ": " + w +
                       "keeps its numbers in \"w\", which is a link out of the model's folder");
}

} // namespace onnx_external_test
