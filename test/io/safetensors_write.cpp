// SPDX-License-Identifier: MIT
#include <rondo/io/safetensors_write.hpp>

#include "safetensors_file.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace safetensors_write_test {

using namespace rondo;
using io::DType;
using io::TensorData;

constexpr std::array<std::size_t, 2> two_by_two{2, 2};
constexpr std::array<std::size_t, 1> three{3};

std::string problem_of(const std::vector<TensorData>& tensors, const io::Metadata& metadata = {},
                       io::SafetensorsLimits limits = {}) {
    Error error;
    EXPECT_EQ(io::safetensors_bytes(tensors, metadata, limits, error).size(), 0u);
    EXPECT_EQ(error.kind, Error::Kind::argument);
    EXPECT_TRUE(error.message.starts_with("safetensors: ")) << error.message;
    return error.message.substr(std::string_view{"safetensors: "}.size());
}

/// The tensors of a file, for writing them again.
std::vector<TensorData> tensors_of(const io::Safetensors& file) {
    std::vector<TensorData> tensors;
    for (const auto& info : file.tensors()) tensors.push_back({info.name, info.dtype, info.shape, file.bytes(info)});
    return tensors;
}

TEST(SafetensorsWrite, LargerElementsComeFirstThenNames) {
    const std::string data = "0123456789abcdef";
    const std::vector<TensorData> tensors{
        {"u8", DType::U8, three, bytes_of("xyz")},
        {"b", DType::F32, two_by_two, bytes_of(data)},
        {"double", DType::F64, {}, bytes_of("01234567")},
        {"a", DType::F32, two_by_two, bytes_of(data)},
    };
    const std::string file = text_of(io::safetensors_bytes(tensors, {{"z", "1\n"}, {"a", "2"}}));
    const std::string header = R"({"__metadata__":{"z":"1\n","a":"2"},)"
                               R"("double":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                               R"("a":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},)"
                               R"("b":{"dtype":"F32","shape":[2,2],"data_offsets":[24,40]},)"
                               R"("u8":{"dtype":"U8","shape":[3],"data_offsets":[40,43]}}   )";
    EXPECT_EQ(header.size() % 8, 0u);
    EXPECT_EQ(file, safetensors_file(header) + "01234567" + data + data + "xyz");
}

TEST(SafetensorsWrite, AnEmptyFileIsAFile) {
    EXPECT_EQ(text_of(io::safetensors_bytes({})), safetensors_file("{}      "));
    EXPECT_EQ(problem(text_of(io::safetensors_bytes({}))), "");
}

TEST(SafetensorsWrite, WritesWhatPythonWritesByteForByte) {
    const io::SafetensorsFile file{data_file("python.safetensors")};
    std::vector<TensorData> tensors = tensors_of(file);
    std::ranges::reverse(tensors);
    EXPECT_EQ(text_of(io::safetensors_bytes(tensors, file.metadata())),
              text_of(io::read_file(data_file("python.safetensors"))));
}

TEST(SafetensorsWrite, RefusesTensors) {
    const auto xyz = bytes_of("xyz");
    EXPECT_EQ(
        problem_of(
            {{"w", DType::U8, three, xyz}, {"v", DType::U8, three, xyz}, {"w", DType::F64, {}, bytes_of("01234567")}}),
        "tensor \"w\" comes twice");
    EXPECT_EQ(problem_of({{"__metadata__", DType::U8, three, xyz}}),
              "tensor \"__metadata__\": the format keeps this name for itself");
    EXPECT_EQ(problem_of({{"w", DType::F32, three, xyz}}), "tensor \"w\": F32 [3] takes 12 bytes, but 3 are given");
    EXPECT_EQ(problem_of({{"w", DType::U8, {}, xyz}}), "tensor \"w\": U8 [] takes 1 bytes, but 3 are given");
    EXPECT_EQ(problem_of({{"w", DType::F4, three, xyz}}), "tensor \"w\": F4 [3] takes 12 bits, no whole bytes");
    const std::array<std::size_t, 2> huge{std::size_t{1} << 62, 4};
    EXPECT_EQ(problem_of({{"w", DType::U8, huge, {}}}),
              "tensor \"w\": U8 [4611686018427387904,4] has more bits than can be counted");
    const std::vector<std::size_t> deep(9, 1);
    EXPECT_EQ(problem_of({{"w", DType::U8, deep, bytes_of("x")}}), "tensor \"w\" has rank 9; at most 8 is allowed");
    EXPECT_EQ(problem_of({{"w\xFF", DType::U8, three, xyz}}), "a name is not UTF-8");
    const std::string name(257, 'n');
    EXPECT_EQ(problem_of({{name, DType::U8, three, xyz}}), "a name has 257 bytes; at most 256 are allowed");
    EXPECT_GT(io::safetensors_bytes(std::array{TensorData{name, DType::U8, three, xyz}}, {}, {.name = 257}).size(), 0u);
}

TEST(SafetensorsWrite, RefusesMetadata) {
    EXPECT_EQ(problem_of({}, {{"a", ""}, {"b", ""}, {"a", ""}}), "metadata \"a\" comes twice");
    EXPECT_EQ(problem_of({}, {{"\xFF", ""}}), "metadata: a name is not UTF-8");
    EXPECT_EQ(problem_of({}, {{"a", "\xFF"}}), "metadata \"a\" is not UTF-8");
    EXPECT_EQ(problem_of({}, {{std::string(257, 'n'), ""}}), "metadata: a name has 257 bytes; at most 256 are allowed");
    // {"__metadata__":{"a":"..."}} is 25 bytes without the dots.
    EXPECT_EQ(io::safetensors_bytes({}, {{"a", std::string(999'975, 'v')}}).size(), 1'000'008u);
    EXPECT_EQ(problem_of({}, {{"a", std::string(999'976, 'v')}}),
              "the header takes 1000008 bytes; at most 1000000 are allowed");
    static_assert(io::detail::header_limit({.header = 100'000'001}) == 100'000'000);
}

TEST(SafetensorsWrite, ThrowsTheSameError) {
    const std::array tensors{TensorData{"w", DType::F32, three, bytes_of("xyz")}};
    try {
        io::safetensors_bytes(tensors);
        FAIL() << "nothing was thrown";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, Error::Kind::argument);
        EXPECT_STREQ(failure.what(), "safetensors: tensor \"w\": F32 [3] takes 12 bytes, but 3 are given");
    }
}

TEST(SafetensorsWrite, AFileThatIsRefusedStaysAsItWas) {
    const auto path = std::filesystem::temp_directory_path() / ("rondo-" + std::to_string(::getpid()) + ".safetensors");
    const std::array good{TensorData{"w", DType::U8, three, bytes_of("xyz")}};
    const std::array bad{TensorData{"w", DType::U8, three, bytes_of("xy")}};
    io::write_safetensors(path, good, {{"step", "1"}});
    Error error;
    io::write_safetensors(path, bad, {}, {}, error);
    EXPECT_EQ(error.kind, Error::Kind::argument);
    EXPECT_EQ(error.message, path.string() + ": tensor \"w\": U8 [3] takes 3 bytes, but 2 are given");
    EXPECT_THROW(io::write_safetensors(path, bad), Failure);
    EXPECT_THROW(io::write_safetensors(path / "none", good), Failure);

    const io::SafetensorsFile file{path};
    std::filesystem::remove(path);
    EXPECT_EQ(file.metadata(), (io::Metadata{{"step", "1"}}));
    ASSERT_NE(file.find("w"), nullptr);
    EXPECT_EQ(text_of(file.bytes(*file.find("w"))), "xyz");
}

std::string arbitrary_text() {
    std::string text;
    for (const auto point : *rc::gen::container<std::vector<char32_t>>(
             rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0x80), rc::gen::inRange<char32_t>(0x80, 0xD800)))) {
        io::detail::append_utf8(text, point);
    }
    return text;
}

RC_GTEST_PROP(SafetensorsWrite, ReadsWhatItWrites, ()) {
    struct Tensor {
        DType dtype;
        std::vector<std::size_t> shape;
        std::string bytes;
    };
    const io::SafetensorsLimits limits{.name = 4096};
    std::map<std::string, Tensor> tensors;
    const auto count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
        Tensor tensor{static_cast<DType>(*rc::gen::inRange(0, 22)), {}, {}};
        const auto rank = *rc::gen::inRange<std::size_t>(0, 5);
        tensor.shape = *rc::gen::container<std::vector<std::size_t>>(rank, rc::gen::inRange<std::size_t>(0, 5));
        std::size_t bytes = 0;
        if (!io::detail::size_problem(tensor.dtype, tensor.shape, bytes).empty()) {
            tensor.shape.push_back(4);
            RC_ASSERT(io::detail::size_problem(tensor.dtype, tensor.shape, bytes).empty());
        }
        tensor.bytes = *rc::gen::container<std::string>(bytes, rc::gen::arbitrary<char>());
        tensors.emplace(arbitrary_text() + std::to_string(i), std::move(tensor));
    }
    io::Metadata metadata;
    const auto entries = *rc::gen::inRange(0, 3);
    for (int i = 0; i < entries; ++i) metadata.emplace_back(arbitrary_text() + std::to_string(i), arbitrary_text());

    std::vector<TensorData> data;
    for (const auto& [name, tensor] : tensors) {
        data.push_back({name, tensor.dtype, tensor.shape, bytes_of(tensor.bytes)});
    }
    const io::Bytes bytes = io::safetensors_bytes(data, metadata, limits);
    const io::Safetensors read{bytes, limits};

    RC_ASSERT(read.metadata() == metadata);
    RC_ASSERT(read.tensors().size() == tensors.size());
    for (const auto& [name, tensor] : tensors) {
        const io::TensorInfo* info = read.find(name);
        RC_ASSERT(info != nullptr);
        RC_ASSERT(info->name == name && info->dtype == tensor.dtype && info->shape == tensor.shape);
        RC_ASSERT(text_of(read.bytes(*info)) == tensor.bytes);
        const std::size_t alignment = std::max<std::size_t>(1, io::bits_of(tensor.dtype) / 8);
        RC_ASSERT(info->begin % alignment == 0u);
    }
    RC_ASSERT((bytes.size() - (read.tensors().empty() ? 0 : read.tensors().back().end)) % 8 == 0u);
    std::ranges::reverse(data);
    RC_ASSERT(text_of(io::safetensors_bytes(data, metadata, limits)) == text_of(bytes));
    RC_ASSERT(text_of(io::safetensors_bytes(tensors_of(read), metadata, limits)) == text_of(bytes));
}

} // namespace safetensors_write_test
