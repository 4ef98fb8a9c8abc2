// SPDX-License-Identifier: MIT
#include <rondo/core/error.hpp>

#include "../support/failure.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace error_test {

using rondo::Error;
using rondo::Failure;

TEST(Error, IsFalseUntilSomethingWentWrong) {
    EXPECT_FALSE(Error{});
    EXPECT_TRUE((Error{Error::Kind::file, "x"}));
    EXPECT_EQ(Error{}.kind, Error::Kind::none);
    EXPECT_EQ((Error{Error::Kind::file, "x"}), (Error{Error::Kind::file, "x"}));
    EXPECT_NE((Error{Error::Kind::file, "x"}), (Error{Error::Kind::format, "x"}));
}

TEST(Error, CheckThrowsIt) {
    EXPECT_NO_THROW(rondo::check(Error{}));
    EXPECT_THROW(rondo::check({Error::Kind::mismatch, "sizes"}), Failure);
}

TEST(Error, OrFailThrowsWhatWasFilledIn) {
    const Error sizes{Error::Kind::mismatch, "sizes"};
    EXPECT_EQ(rondo::or_fail([](Error& error) { return error ? 1 : 2; }), 2);
    EXPECT_NO_THROW(rondo::or_fail([](Error&) {}));
    EXPECT_EQ(failure_of([&] { rondo::or_fail([&](Error& error) { error = sizes; }); }), sizes);
    EXPECT_EQ(failure_of([&] { rondo::or_fail([&](Error& error) { return error = sizes, 3; }); }), sizes);
}

TEST(Failure, CarriesKindAndSentence) {
    try {
        rondo::fail(Error::Kind::not_finite, "the loss is NaN");
    } catch (const std::runtime_error& caught) {
        EXPECT_STREQ(caught.what(), "the loss is NaN");
        const auto* failure = dynamic_cast<const Failure*>(&caught);
        ASSERT_NE(failure, nullptr);
        EXPECT_EQ(failure->error(), (Error{Error::Kind::not_finite, "the loss is NaN"}));
        return;
    }
    FAIL();
}

} // namespace error_test
