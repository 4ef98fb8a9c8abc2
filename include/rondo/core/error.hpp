// SPDX-License-Identifier: MIT
#pragma once

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

/// What went wrong: a kind for programs, a sentence for people that names what was expected and what came.
///
/// Functions that fail throw a Failure. Those that read and write files, and a training step, have a second form, as in
/// std::filesystem: it fills an Error given as its last argument, leaving it as it was when nothing went wrong. That of
/// files is noexcept: memory that cannot be had, and what a backend throws, are Errors, too. In a program built without
/// exceptions, running out of memory terminates the program.
struct Error {
    enum class Kind {
        none,
        argument,   // a size, rate, token or option out of its range
        file,       // a file that cannot be opened, read, written or renamed
        format,     // bytes that do not follow their format
        mismatch,   // tensors that are missing, left over, misshapen or of another type
        not_finite, // a loss, gradient or parameter that is NaN or infinite
        device,     // a fault of a device, or a device that cannot do what is asked of it
        memory,     // memory that cannot be had
    };
    Kind kind = Kind::none;
    std::string message;

    explicit operator bool() const noexcept { return kind != Kind::none; }
    bool operator==(const Error&) const = default;
};

/// An Error, thrown. It takes no memory besides the Error's own, so that it can say that there is none.
class Failure : public std::runtime_error {
public:
    explicit Failure(Error error) : std::runtime_error{""}, error_{std::move(error)} {}
    const char* what() const noexcept override { return error_.message.c_str(); }
    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

/// Throws; in a program built without exceptions, writes the sentence and aborts.
[[noreturn]] inline void fail(Error error) {
#if defined(__cpp_exceptions)
    throw Failure{std::move(error)};
#else
    std::fprintf(stderr, "rondo: %s\n", error.message.c_str());
    std::fflush(nullptr); // what the program wrote before is not lost
    std::abort();
#endif
}
[[noreturn]] inline void fail(Error::Kind kind, std::string message) { fail(Error{kind, std::move(message)}); }

/// Fails if `error` says so.
inline void (check)(Error error) {
    if (error) fail(std::move(error));
}

/// Of a function that fills an Error, the form that throws: calls f(error) of a fresh one, and fails if it was filled.
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
/// The exception that is being handled. The sentence of memory that cannot be had is short enough to need none.
inline Error caught() noexcept {
    try {
        try {
            throw;
        } catch (const Failure& failure) {
            return failure.error();
        } catch (const std::bad_alloc&) {
        } catch (const std::length_error&) { // a size that no memory has
        } catch (const std::exception& other) {
            return {Error::Kind::device, other.what()};
        } catch (...) {
            return {Error::Kind::device, "an unknown exception"};
        }
    } catch (...) { // no memory for the sentence
    }
    return {Error::Kind::memory, "out of memory"};
}
#endif
}

/// Calls f(), which reports by filling `error`. If f throws instead, the exception (memory that cannot be had, a
/// backend's) is stored in `error`, and the result is `otherwise`.
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
