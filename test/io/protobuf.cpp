// SPDX-License-Identifier: MIT
#include <rondo/io/onnx/protobuf.hpp>
#include <rondo/io/onnx/protobuf_write.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace protobuf_test {

using rondo::io::detail::ProtobufReader;
using rondo::io::detail::ProtobufWriter;

ProtobufReader reader_of(std::string_view bytes) { return ProtobufReader{std::as_bytes(std::span{bytes})}; }

/// The problem with a message when no value is requested.
std::string problem(std::string_view bytes) {
    ProtobufReader reader = reader_of(bytes);
    while (reader.next()) {}
    return reader.problem();
}
template <class Ask>
std::string problem(std::string_view bytes, Ask ask) {
    ProtobufReader reader = reader_of(bytes);
    while (reader.next()) ask(reader);
    return reader.problem();
}

TEST(Protobuf, ReadsWhatWasWritten) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    ProtobufWriter inner;
    inner.text(1, "name");
    ProtobufWriter message;
    message.whole(1, 0).whole(2, 127).whole(3, 128).whole(4, -1).whole(5, most).real(6, -0.5f).message(7, inner);
    message.text(0x1FFF'FFFF, "");

    ProtobufReader reader{message.bytes()};
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{-1}, most}) {
        ASSERT_TRUE(reader.next());
        EXPECT_EQ(reader.whole(), value);
    }
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.field(), 6u);
    EXPECT_EQ(reader.real(), -0.5f);
    ASSERT_TRUE(reader.next());
    ProtobufReader within{reader.bytes()};
    ASSERT_TRUE(within.next());
    EXPECT_EQ(within.text(), "name");
    EXPECT_FALSE(within.next());
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.field(), 0x1FFF'FFFFu);
    EXPECT_EQ(reader.text(), "");
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(within.ok());
}

TEST(Protobuf, ReadsRepeatedNumbersPackedOrNot) {
    std::vector<std::int64_t> wholes;
    std::vector<std::uint32_t> bits;
    const auto ask = [&](ProtobufReader& reader) {
        if (reader.field() == 1) reader.wholes([&](std::int64_t number) { wholes.push_back(number); });
        else reader.fixed<std::uint32_t>([&](std::uint32_t number) { bits.push_back(number); });
    };
    using namespace std::string_view_literals;
    EXPECT_EQ(problem("\x08\x05\x0A\x03\x01\x80\x01\x15\1\0\0\0\x12\x08\2\0\0\0\3\0\0\0\x0A\0"sv, ask), "");
    EXPECT_EQ(wholes, (std::vector<std::int64_t>{5, 1, 128}));
    EXPECT_EQ(bits, (std::vector<std::uint32_t>{1, 2, 3}));

    EXPECT_EQ(problem("\x0A\x02\x01\x80"sv, ask), "it ends within a number");
    EXPECT_EQ(problem("\x12\x05\1\2\3\4\5"sv, ask), "field 2 has 5 bytes, no whole numbers of 4");
    EXPECT_EQ(problem("\x10\x05"sv, ask), "field 2: expected a number, got wire type 0");
    EXPECT_EQ(problem("\x0D\1\2\3\4"sv, ask), "field 1: expected a whole number, got wire type 5");
}

TEST(Protobuf, EndsWhereItEnds) {
    using namespace std::string_view_literals;
    EXPECT_EQ(problem(""), "");
    EXPECT_EQ(problem("\x08"sv), "it ends within a number");
    EXPECT_EQ(problem("\x80"sv), "it ends within a number");
    EXPECT_EQ(problem("\x08\xFF\xFF"sv), "it ends within a number");
    EXPECT_EQ(problem("\x0D\1\2\3"sv), "it ends within field 1");
    EXPECT_EQ(problem("\x09\1\2\3\4\5\6\7"sv), "it ends within field 1");
    EXPECT_EQ(problem("\x0A\x02\x01"sv), "field 1 claims 2 bytes, but only 1 are left");
    EXPECT_EQ(problem("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv),
              "field 1 claims 18446744073709551615 bytes, but only 0 are left");
}

TEST(Protobuf, RefusesWhatIsNoMessage) {
    using namespace std::string_view_literals;
    EXPECT_EQ(problem("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv), "");
    EXPECT_EQ(problem("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"sv), "a number has more than 64 bits");
    EXPECT_EQ(problem("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv), "a number has more than 64 bits");
    EXPECT_EQ(problem("\x00\x01"sv), "there is no field 0");
    EXPECT_EQ(problem("\x80\x80\x80\x80\x10\x01"sv), "there is no field 536870912");
    for (const unsigned wire : {3u, 4u, 6u, 7u})
        EXPECT_EQ(problem(std::string{char(8 + wire)}), "field 1 has wire type " + std::to_string(wire));
}

TEST(Protobuf, GivesAValueOnlyAsWhatItIs) {
    using namespace std::string_view_literals;
    const auto whole = [](ProtobufReader& reader) { EXPECT_EQ(reader.whole(), 5); };
    const auto real = [](ProtobufReader& reader) { reader.real(); };
    const auto text = [](ProtobufReader& reader) { EXPECT_EQ(reader.text(), ""); };
    EXPECT_EQ(problem("\x08\x05"sv, whole), "");
    EXPECT_EQ(problem("\x08\x05"sv, real), "field 1: expected a float, got wire type 0");
    EXPECT_EQ(problem("\x08\x05"sv, text), "field 1: expected bytes, got wire type 0");
    EXPECT_EQ(problem("\x09\1\2\3\4\5\6\7\x08"sv, real), "field 1: expected a float, got wire type 1");
    // The first problem is reported.
    EXPECT_EQ(problem("\x0A\x01z\x08"sv, real), "field 1: expected a float, got wire type 2");
}

} // namespace protobuf_test
