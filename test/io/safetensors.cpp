// SPDX-License-Identifier: MIT
#include <rondo/io/safetensors.hpp>

#include "safetensors_file.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace safetensors_test {

const std::string too_long = "; at most 1000000 are allowed; is it a safetensors file?";

using namespace rondo;
using io::DType;

TEST(Safetensors, GivesTensorsInTheOrderOfTheirBytes) {
    const std::string file = safetensors_file(
        R"( {"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"__metadata__":{"z":"1","a":"\u00e9"},)"
        R"("a":{"shape":[2,1],"data_offsets":[0,8],"dtype":"F32"},)"
        R"("none":{"dtype":"I64","shape":[2,0],"data_offsets":[8,8]}})"
        "\r\n\t ",
        11);
    const io::Safetensors safetensors{bytes_of(file)};
    const auto tensors = safetensors.tensors();
    ASSERT_EQ(tensors.size(), 3u);
    EXPECT_EQ(tensors[0], (io::TensorInfo{"a", DType::F32, {2, 1}, 0, 8}));
    EXPECT_EQ(tensors[1], (io::TensorInfo{"none", DType::I64, {2, 0}, 8, 8}));
    EXPECT_EQ(tensors[2], (io::TensorInfo{"b", DType::U8, {3}, 8, 11}));
    EXPECT_EQ(text_of(safetensors.bytes(tensors[0])), (std::string{"\0\1\2\3\4\5\6\7", 8}));
    EXPECT_EQ(text_of(safetensors.bytes(tensors[1])), "");
    EXPECT_EQ(text_of(safetensors.bytes(tensors[2])), "\x8\x9\xA");
    EXPECT_EQ(safetensors.metadata(), (io::Metadata{{"z", "1"}, {"a", "\u00e9"}}));

    for (const auto& info : tensors) EXPECT_EQ(safetensors.find(info.name), &info);
    for (const std::string_view name : {"", "A", "aa", "c", "__metadata__"}) EXPECT_EQ(safetensors.find(name), nullptr);
}

TEST(Safetensors, TakesWhatTheReferenceTakes) {
    EXPECT_EQ(problem(safetensors_file("{}")), "");
    EXPECT_EQ(problem(safetensors_file("\t\n{}\r ")), "");
    EXPECT_EQ(problem(safetensors_file(R"({"__metadata__":{}})")), "");
    EXPECT_EQ(problem(safetensors_file(tensor("I32", "[2,2]", "[0,16]"), 16)), "");
    EXPECT_EQ(problem(safetensors_file(tensor("I32", "[2, 0]", "[0, 0]"))), "");
    EXPECT_EQ(problem(safetensors_file(tensor("F64", "[]", "[0,8]"), 8)), "");
    EXPECT_EQ(problem(safetensors_file(tensor("F4", "[2]", "[0,1]"), 1)), "");
    EXPECT_EQ(problem(safetensors_file(tensor("F6_E2M3", "[4]", "[0,3]"), 3)), "");
    EXPECT_EQ(problem(safetensors_file(tensor("F64", "[0,18446744073709551615,9]", "[0,0]"))), "");
    EXPECT_EQ(problem(safetensors_file(tensor("F64", "[18446744073709551615,0]", "[0,0]"))), "");
    EXPECT_EQ(problem(safetensors_file(R"({"":{"\u0064type":"U8","shape":[1],"data_offsets":[0,1]}})", 1)), "");
}

TEST(Safetensors, Rule1TheHeaderLiesInTheFile) {
    EXPECT_EQ(problem(""), "the file has 0 bytes; the length of the header alone takes 8");
    EXPECT_EQ(problem("1234567"), "the file has 7 bytes; the length of the header alone takes 8");

    const auto claim = [](std::uint64_t length) {
        std::string file = safetensors_file("{}");
        std::memcpy(file.data(), &length, sizeof length);
        return file;
    };
    EXPECT_EQ(problem(claim(2)), "");
    EXPECT_EQ(problem(claim(3)), "the header claims 3 bytes, but the file has only 2 more");
    EXPECT_EQ(problem(claim(1'000'000)), "the header claims 1000000 bytes, but the file has only 2 more");
    EXPECT_EQ(problem(claim(1'000'001)), "the header claims 1000001 bytes" + too_long);
    // Lengths that overflow when 8, or the address of the file, is added.
    for (const std::uint64_t length : {~0ull, ~7ull, ~8ull, 1ull << 63, 1ull << 32, (1ull << 32) + 2}) {
        EXPECT_EQ(problem(claim(length)), "the header claims " + std::to_string(length) + " bytes" + too_long);
    }
    const io::SafetensorsLimits wide{.header = std::numeric_limits<std::size_t>::max()};
    EXPECT_EQ(problem(claim(100'000'000), wide), "the header claims 100000000 bytes, but the file has only 2 more");
    EXPECT_EQ(problem(claim(100'000'001), wide),
              "the header claims 100000001 bytes; at most 100000000 are allowed; is it a safetensors file?");
    EXPECT_EQ(problem(safetensors_file("{}"), {.header = 1}),
              "the header claims 2 bytes; at most 1 are allowed; is it a safetensors file?");
}

TEST(Safetensors, Rule2TheHeaderIsUtf8) {
    EXPECT_EQ(problem(safetensors_file("\xFF")), "header: byte 0: not UTF-8");
    EXPECT_EQ(problem(safetensors_file("{\"\xED\xA0\x80\":1}")), "header: byte 2: not UTF-8");
}

TEST(Safetensors, Rule2TheHeaderIsJsonOfTensors) {
    const auto refused = [](std::string_view header, const std::string& what) {
        EXPECT_EQ(problem(safetensors_file(header, 1)), "header: " + what) << header;
    };
    refused("", "byte 0: expected '{', found the end");
    refused("{", "byte 1: expected a string, found the end");
    refused("[]", "byte 0: expected '{', found '['");
    refused("\xEF\xBB\xBF{}", "byte 0: expected '{', found byte 0xEF");
    refused(std::string_view{"{}\0", 3}, "byte 2: expected the end, found byte 0x00");
    refused("{}{}", "byte 2: expected the end, found '{'");
    refused(R"({"w":1})", "byte 5: expected '{', found '1'");
    refused(R"({"w":null})", "byte 5: expected '{', found 'n'");
    refused(R"({"__metadata__":null})", "byte 16: expected '{', found 'n'");
    refused(R"({"w":["U8",[1],[0,1]]})", "byte 5: expected '{', found '['"); // the reference accepts a list
    refused(R"({"__metadata__":{"a":1}})", "byte 21: expected a string, found '1'");
    refused(R"({"__metadata__":{"a":{}}})", "byte 21: expected a string, found '{'");
    refused(R"({"__metadata__":{},"__metadata__":{}})", "__metadata__ comes twice");
    refused(R"({"__metadata__":{"a":"","b":"","a":""}})", "metadata \"a\" comes twice");

    const std::string good = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
    EXPECT_EQ(problem(safetensors_file(tensor(good), 1)), "");
    refused("{\"w\":{" + good + "},\"v\":{" + good + "},\"w\":{" + good + "}}", "tensor \"w\" comes twice");
    refused("{\"w\":{" + good + "},\"\\u0077\":{" + good + "}}", "tensor \"w\" comes twice");
    refused(tensor(""), "tensor \"w\" has no field \"dtype\"");
    refused(tensor(R"("dtype":"U8","data_offsets":[0,1])"), "tensor \"w\" has no field \"shape\"");
    refused(tensor(R"("dtype":"U8","shape":[1])"), "tensor \"w\" has no field \"data_offsets\"");
    refused(tensor(good + R"(,"dtype":"U8")"), "tensor \"w\" has two fields \"dtype\"");
    refused(tensor(good + R"(,"Dtype":"U8")"), "tensor \"w\" has the unknown field \"Dtype\"");
    refused(tensor("u8", "[1]", "[0,1]"), "tensor \"w\" has the unknown dtype \"u8\"");
    refused(tensor("\\u0007", "[1]", "[0,1]"), "tensor \"w\" has the unknown dtype \"\\u0007\"");
    refused(tensor("\u202e\u009b2J", "[1]", "[0,1]"), "tensor \"w\" has the unknown dtype \"\\u202e\\u009b2J\"");
    refused("{\"w\x7F\":{" + good + "},\"w\x7F\":{" + good + "}}", "tensor \"w\\x7f\" comes twice");
    refused(tensor("U8", "1", "[0,1]"), "byte 27: expected '[', found '1'");
    refused(tensor("U8", "[[1]]", "[0,1]"), "byte 28: expected a whole number, 0 or more, found '['");
    refused(tensor("U8", "[-1]", "[0,1]"), "byte 28: expected a whole number, 0 or more, found '-'");
    refused(tensor("U8", "[1.0]", "[0,1]"), "byte 29: expected a whole number, found '.'");
    refused(tensor("U8", "[01]", "[0,1]"), "byte 28: a number with a leading 0");
    refused(tensor("U8", "[1]", "[]"), "tensor \"w\" has 0 data_offsets; expected 2");
    refused(tensor("U8", "[1]", "[0]"), "tensor \"w\" has 1 data_offsets; expected 2");
    refused(tensor("U8", "[1]", "[0,1,1]"), "byte 51: more than 2 entries");
}

TEST(Safetensors, Rule2LimitsAreKept) {
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[1,1,1,1,1,1,1,1]", "[0,1]"), 1)), "");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1)),
              "header: byte 44: more than 8 entries");
    const auto named = [](std::size_t size) {
        const std::string name(size, 'n');
        return safetensors_file("{\"" + name + R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
    };
    EXPECT_EQ(problem(named(256)), "");
    EXPECT_EQ(problem(named(257)), "header: byte 259: a string longer than 256 bytes");
    EXPECT_EQ(problem(named(257), {.name = 257}), "");
    EXPECT_EQ(problem(safetensors_file("{\"__metadata__\":{\"a\":\"" + std::string(9999, 'v') + "\"}}")), "");
    const std::string deep(400'000, '[');
    EXPECT_EQ(problem(safetensors_file(deep)), "header: byte 0: expected '{', found '['");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", deep, deep))),
              "header: byte 28: expected a whole number, 0 or more, found '['");
}

TEST(Safetensors, Rule3NoHolesAndNoOverlap) {
    const auto two = [](const std::string& first, const std::string& second) {
        return problem(safetensors_file(R"({"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second +
                                            R"(},"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first + "}}",
                                        8));
    };
    EXPECT_EQ(two("[0,4]", "[4,8]"), "");
    EXPECT_EQ(two("[4,8]", "[0,4]"), "");
    EXPECT_EQ(two("[1,5]", "[5,9]"), "tensor \"a\" begins at byte 1 of the data; expected 0");
    EXPECT_EQ(two("[0,4]", "[5,9]"), "tensor \"b\" begins at byte 5 of the data; expected 4");
    EXPECT_EQ(two("[0,4]", "[3,7]"), "tensor \"b\" begins at byte 3 of the data; expected 4");
    EXPECT_EQ(two("[0,4]", "[0,4]"), "tensor \"b\" begins at byte 0 of the data; expected 4");
    EXPECT_EQ(two("[0,4]", "[4,0]"), "tensor \"b\" ends at byte 0 of the data, before its begin at 4");
}

TEST(Safetensors, Rule4TheShapeFillsTheOffsets) {
    const auto one = [](std::string_view dtype, std::string_view shape, std::string_view offsets) {
        return problem(safetensors_file(tensor(dtype, shape, offsets), 16));
    };
    const std::string uncountable = " has more bits than can be counted";
    EXPECT_EQ(one("I32", "[2,18446744073709551614]", "[0,16]"),
              "tensor \"w\": I32 [2,18446744073709551614]" + uncountable);
    EXPECT_EQ(one("I32", "[2,9223372036854775807]", "[0,16]"),
              "tensor \"w\": I32 [2,9223372036854775807]" + uncountable);
    EXPECT_EQ(one("U8", "[4294967296,4294967296,0]", "[0,0]"),
              "tensor \"w\": U8 [4294967296,4294967296,0]" + uncountable);
    EXPECT_EQ(one("U8", "[2305843009213693952]", "[0,16]"), "tensor \"w\": U8 [2305843009213693952]" + uncountable);
    EXPECT_EQ(one("U8", "[2305843009213693951]", "[0,16]"),
              "tensor \"w\": U8 [2305843009213693951] takes 2305843009213693951 bytes, but its data_offsets hold 16");
    EXPECT_EQ(one("F4", "[3]", "[0,16]"), "tensor \"w\": F4 [3] takes 12 bits, no whole bytes");
    EXPECT_EQ(one("F6_E3M2", "[]", "[0,16]"), "tensor \"w\": F6_E3M2 [] takes 6 bits, no whole bytes");
    EXPECT_EQ(one("F32", "[2,2]", "[0,4]"), "tensor \"w\": F32 [2,2] takes 16 bytes, but its data_offsets hold 4");
    EXPECT_EQ(one("F32", "[0,2]", "[0,16]"), "tensor \"w\": F32 [0,2] takes 0 bytes, but its data_offsets hold 16");
    EXPECT_EQ(one("F32", "[]", "[0,16]"), "tensor \"w\": F32 [] takes 4 bytes, but its data_offsets hold 16");
}

TEST(Safetensors, Rule5TheTensorsFillTheFile) {
    const std::string header = tensor("I32", "[2,2]", "[0,16]");
    EXPECT_EQ(problem(safetensors_file(header, 14)), "the tensors take 16 bytes, but 14 follow the header");
    EXPECT_EQ(problem(safetensors_file(header, 16) + "another file"),
              "the tensors take 16 bytes, but 28 follow the header");
    EXPECT_EQ(problem(safetensors_file("{}", 1)), "the tensors take 0 bytes, but 1 follow the header");
}

TEST(Safetensors, ThrowsTheSameError) {
    try {
        const io::Safetensors safetensors{bytes_of("short")};
        FAIL() << "nothing was thrown";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, Error::Kind::format);
        EXPECT_STREQ(failure.what(), "safetensors: the file has 5 bytes; the length of the header alone takes 8");
    }
}

TEST(SafetensorsFile, ReadsWhatPythonWrote) {
    io::SafetensorsFile read{data_file("python.safetensors")};
    const io::SafetensorsFile file = std::move(read); // the views move with the bytes
    EXPECT_EQ(file.metadata(), (io::Metadata{{"format", "pt"}}));
    const auto expect = [&]<class Scalar>(const char* name, DType dtype, const std::vector<std::size_t>& shape,
                                          const std::vector<Scalar>& values) {
        const io::TensorInfo* info = file.find(name);
        ASSERT_NE(info, nullptr) << name;
        EXPECT_EQ(info->dtype, dtype) << name;
        EXPECT_EQ(info->shape, shape) << name;
        const auto bytes = std::as_bytes(std::span{values});
        EXPECT_EQ(text_of(file.bytes(*info)), text_of(bytes)) << name;
    };
    EXPECT_EQ(file.tensors().size(), 10u);
    expect("rnn.weight_ih_l0", DType::F32, {2, 3}, std::vector{-1.0f, -0.75f, -0.5f, -0.25f, 0.0f, 0.25f});
    expect("rnn.bias_ih_l0", DType::F32, {2}, std::vector{0.5f, std::numeric_limits<float>::infinity()});
    expect("half", DType::F16, {3}, std::vector<std::uint16_t>{0x3C00, 0xC000, 0x3800});
    expect("brain", DType::BF16, {2}, std::vector<std::uint16_t>{0x3F80, 0xC000});
    expect("double", DType::F64, {1, 1}, std::vector{1.0 / 3.0});
    expect("steps", DType::I64, {}, std::vector<std::int64_t>{-7});
    expect("mask", DType::BOOL, {3}, std::vector<std::uint8_t>{1, 0, 1});
    expect("bytes", DType::U8, {3}, std::vector<std::uint8_t>{0, 127, 255});
    expect("nothing", DType::F32, {0, 4}, std::vector<float>{});
    expect("quote \" \\ tab \t gr\u00fc\u00dfe \U0001F3BC", DType::I32, {2}, std::vector<std::int32_t>{1, -1});
}

TEST(SafetensorsFile, NamesTheFile) {
    const auto message = [](const std::filesystem::path& path) {
        Error error;
        const io::SafetensorsFile file{path, {}, error};
        EXPECT_TRUE(file.tensors().empty());
        return error.message;
    };
    const std::filesystem::path missing = data_file("missing.safetensors"), script = data_file("make.py");
    EXPECT_EQ(message(missing), "cannot read " + missing.string() + ": No such file or directory");
    EXPECT_EQ(message(script), script.string() + ": the header claims 7074999379835167011 bytes" + too_long);
    EXPECT_THROW(io::SafetensorsFile{missing}, Failure);
    EXPECT_THROW(io::SafetensorsFile{script}, Failure);
}

} // namespace safetensors_test
