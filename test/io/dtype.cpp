// SPDX-License-Identifier: MIT
#include <rondo/io/dtype.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace dtype_test {

using namespace rondo::io;

TEST(DType, NamesAndBitsAgree) {
    std::set<std::string_view> names;
    std::size_t bits = 0;
    for (int i = 0; i <= static_cast<int>(DType::U64); ++i) {
        const auto dtype = static_cast<DType>(i);
        const std::string_view name = name_of(dtype);
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_EQ(dtype_named(name), dtype);
        // The width is the first number in the name, except for complex types, whose names state both parts.
        const auto digits = name.find_first_of("0123456789");
        if (dtype != DType::BOOL) {
            EXPECT_TRUE(name.substr(digits).starts_with(std::to_string(bits_of(dtype)))) << name;
        }
        // Types of whole bytes are in the order of their alignment.
        if (bits_of(dtype) >= 8) {
            EXPECT_GE(bits_of(dtype), bits) << name;
            bits = bits_of(dtype);
        }
    }
    EXPECT_EQ(names.size(), 22u);
    EXPECT_EQ(bits_of(DType::BOOL), 8u);
}

TEST(DType, OtherNamesAreUnknown) {
    for (const std::string_view name : {"", "f32", "F3", "F320", " F32", "F8"}) {
        EXPECT_EQ(dtype_named(name), std::nullopt) << name;
    }
}

static_assert(dtype_of<float> == DType::F32 && dtype_of<double> == DType::F64 && dtype_of<bool> == DType::BOOL);
static_assert(dtype_of<std::int8_t> == DType::I8 && dtype_of<std::uint8_t> == DType::U8);
static_assert(dtype_of<std::int16_t> == DType::I16 && dtype_of<std::uint16_t> == DType::U16);
static_assert(dtype_of<std::int32_t> == DType::I32 && dtype_of<std::uint32_t> == DType::U32);
static_assert(dtype_of<std::int64_t> == DType::I64 && dtype_of<std::uint64_t> == DType::U64);
static_assert(name_of(dtype_of<float>) == "F32" && bits_of(dtype_of<double>) == 64);

} // namespace dtype_test
