// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace rondo {
inline void PrintTo(const Error& error, std::ostream* to) { *to << int(error.kind) << ": \"" << error.message << '"'; }
} // namespace rondo

/// The error that f() throws; empty if it does not throw.
template <class F>
rondo::Error failure_of(F&& f) {
    try {
        f();
    } catch (const rondo::Failure& failure) {
        EXPECT_EQ(failure.error().message, failure.what());
        return failure.error();
    }
    return {};
}

template <class F>
void expect_failure(F&& f, rondo::Error::Kind kind, const std::string& message) {
    const rondo::Error error = failure_of(f);
    EXPECT_EQ(error.kind, kind);
    EXPECT_EQ(error.message, message);
}
template <class F>
void expect_argument(F&& f, const std::string& message) {
    expect_failure(f, rondo::Error::Kind::argument, message);
}
