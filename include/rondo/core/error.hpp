// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "fast_math.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// An error: a kind for programs, and a message for people that names the expected and the actual value.
///
/// Functions that fail throw a Failure. Functions that read and write files, and training steps, have an overload, as
/// in std::filesystem, that fills an Error given as its last argument and leaves it unchanged on success. For files
/// that overload is noexcept: a failed allocation and an exception of a backend are reported as Errors, too. In a
/// program built without exceptions, running out of memory terminates the program.
struct Error {
    enum class Kind {
        none,
        argument,   // a size, rate, token or option out of its range
        file,       // a file could not be opened, read, written or renamed
        format,     // bytes that do not follow their format
        mismatch,   // tensors that are missing, unexpected, or of another shape or type
        not_finite, // a loss, gradient or parameter that is NaN or infinite
        device,     // a device failed, or does not support the request
        memory,     // an allocation failed
    };
    Kind kind = Kind::none;
    std::string message;

    explicit operator bool() const noexcept { return kind != Kind::none; }
    bool operator==(const Error&) const = default;
};

/// The exception that carries an Error. It allocates nothing of its own, so it can report a failed allocation.
class Failure : public std::runtime_error {
public:
    explicit Failure(Error error) : std::runtime_error{""}, error_{std::move(error)} {}
    const char* what() const noexcept override { return error_.message.c_str(); }
    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

/// Throws a Failure; in a program built without exceptions, writes the message to stderr and aborts.
[[noreturn]] inline void fail(Error error) {
#if defined(__cpp_exceptions)
    throw Failure{std::move(error)};
#else
    std::fprintf(stderr, "rondo: %s\n", error.message.c_str());
    std::fflush(nullptr); // std::abort does not flush
    std::abort();
#endif
}
[[noreturn]] inline void fail(Error::Kind kind, std::string message) { fail(Error{kind, std::move(message)}); }

/// Throws `error` if it is set.
inline void(check)(Error error) {
    if (error) fail(std::move(error));
}

/// Turns a function that fills an Error into one that throws: calls f(error) and fails if `error` was set.
template <class F>
auto or_fail(F&& f) {
    Error error;
    if constexpr (std::is_void_v<decltype(f(error))>) {
        f(error);
        (check)(std::move(error));
    } else {
        auto result = f(error);
        (check)(std::move(error));
        return result;
    }
}

namespace detail {
#if defined(__cpp_exceptions)
/// The exception being handled, as an Error. "out of memory" fits std::string's small buffer, so it needs no memory.
inline Error caught() noexcept {
    try {
        try {
            throw;
        } catch (const Failure& failure) {
            return failure.error();
        } catch (const std::bad_alloc&) {
        } catch (const std::length_error&) { // a size beyond the address space
        } catch (const std::exception& other) {
            return {Error::Kind::device, other.what()};
        } catch (...) {
            return {Error::Kind::device, "an unknown exception"};
        }
    } catch (...) { // no memory for the message
    }
    return {Error::Kind::memory, "out of memory"};
}
#endif
}

/// Calls f(), which reports by filling `error`. If f throws instead (a failed allocation, a backend's exception), the
/// exception is stored in `error` and the result is `otherwise`.
template <class F, class Result>
Result no_throw(Error& error, F&& f, Result otherwise) noexcept {
#if defined(__cpp_exceptions)
    try {
        return f();
    } catch (...) {
        error = detail::caught();
        return otherwise;
    }
#else
    static_cast<void>(error);
    static_cast<void>(otherwise);
    return f();
#endif
}
template <class F>
auto no_throw(Error& error, F&& f) noexcept {
#if defined(__cpp_exceptions)
    try {
        return f();
    } catch (...) {
        error = detail::caught();
        return decltype(f())();
    }
#else
    static_cast<void>(error);
    return f();
#endif
}

} // namespace rondo
