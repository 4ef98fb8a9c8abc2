// SPDX-License-Identifier: MIT
// Faults of other readers of the format, most of them reads or writes past a buffer.
#include <rondo/io/safetensors.hpp>

#include "safetensors_file.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace safetensors_regression_test {

TEST(SafetensorsRegression, OffsetsAndShapeAgreeButTheFileIsShort) {
    EXPECT_EQ(problem(safetensors_file(tensor("F32", "[1000,1000]", "[0,4000000]"), 4)),
              "the tensors take 4000000 bytes, but 4 follow the header");
}

TEST(SafetensorsRegression, ProductOfTheShapeWrapsToZero) {
    for (const std::string shape : {"[4294967296,4294967296]", "[65536,65536,65536,65536]", "[4611686018427387904]",
                                    "[4611686018427387904,4]", "[9223372036854775808,2]", "[6148914691236517206,3]"}) {
        for (const std::size_t size : {0u, 8u, 16u}) {
            const std::string offsets = "[0," + std::to_string(size) + ']';
            EXPECT_EQ(problem(safetensors_file(tensor("F32", shape, offsets), size)),
                      "tensor \"w\": F32 " + shape + " has more bits than can be counted");
        }
    }
}

TEST(SafetensorsRegression, OffsetsThatASignedNumberWouldWrap) {
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[16]", "[18446744073709551600,18446744073709551616]"), 16)),
              "header: byte 69: a number above 18446744073709551615");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[16]", "[18446744073709551599,18446744073709551615]"), 16)),
              "tensor \"w\" begins at byte 18446744073709551599 of the data; expected 0");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[16]", "[9223372036854775808,9223372036854775824]"), 16)),
              "tensor \"w\" begins at byte 9223372036854775808 of the data; expected 0");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[16]", "[-16,0]"), 16)),
              "header: byte 48: expected a whole number, 0 or more, found '-'");
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[-9223372036854775808]", "[0,0]"), 16)),
              "header: byte 28: expected a whole number, 0 or more, found '-'");
}

TEST(SafetensorsRegression, BufferSizedByTheShapeAndFilledByTheOffsets) {
    EXPECT_EQ(problem(safetensors_file(tensor("F32", "[32,8]", "[0,65536]"), 65536)),
              "tensor \"w\": F32 [32,8] takes 1024 bytes, but its data_offsets hold 65536");
    EXPECT_EQ(problem(safetensors_file(tensor("F32", "[32,8]", "[0,4]"), 4)),
              "tensor \"w\": F32 [32,8] takes 1024 bytes, but its data_offsets hold 4");
}

TEST(SafetensorsRegression, ReversedOffsets) {
    EXPECT_EQ(problem(safetensors_file(tensor("U8", "[18446744073709551600]", "[16,0]"), 16)),
              "tensor \"w\" begins at byte 16 of the data; expected 0");
    EXPECT_EQ(problem(safetensors_file(R"({"v":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},)"
                                       R"("w":{"dtype":"U8","shape":[1],"data_offsets":[16,15]}})",
                                       16)),
              "tensor \"w\" ends at byte 15 of the data, before its begin at 16");
}

TEST(SafetensorsRegression, ManyTensorsOnTheSameBytes) {
    std::string header{'{'};
    for (int i = 0; i < 10'000; ++i) {
        header += "\"" + std::to_string(i) + R"(":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)";
    }
    header.back() = '}';
    EXPECT_EQ(problem(safetensors_file(header, 16)), "tensor \"1\" begins at byte 0 of the data; expected 16");
}

TEST(SafetensorsRegression, MetadataBeforeTheTensorsHidesNone) {
    const std::string file = safetensors_file(
        R"({"__metadata__":{"a":"}","b":"\"},{"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
    EXPECT_NE(rondo::io::Safetensors{bytes_of(file)}.find("w"), nullptr);
}

TEST(SafetensorsRegression, EveryPrefixOfAFileIsRefused) {
    const std::string file = safetensors_file(tensor("U8", "[3]", "[0,3]"), 3);
    EXPECT_EQ(problem(file), "");
    for (std::size_t size = 0; size < file.size(); ++size) {
        // A copy of exact size, so that a sanitizer detects a read past its end.
        const std::vector<char> prefix(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(problem({prefix.data(), prefix.size()}), "") << size;
    }
}

} // namespace safetensors_regression_test
