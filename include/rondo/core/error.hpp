// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline v0_1 {

/// What went wrong: a kind for programs, a sentence for people that names what was expected and what came.
///
/// Functions that fail throw a Failure. Those that read and write files, and a training step, have a second form, as in
/// std::filesystem: it fills an Error given as its last argument, leaving it as it was when nothing went wrong. That of
/// files is noexcept.
struct Error {
    enum class Kind {
        none,
        argument,   // a size, rate, token or option out of its range
        file,       // a file that cannot be opened, read, written or renamed
        format,     // bytes that do not follow their format
        mismatch,   // tensors that are missing, left over, misshapen or of another type
        not_finite, // a loss, gradient or parameter that is NaN or infinite
        device,     // a fault of a device, or a device that cannot do what is asked of it
    };
    Kind kind = Kind::none;
    std::string message;

    explicit operator bool() const noexcept { return kind != Kind::none; }
    bool operator==(const Error&) const = default;
};

/// An Error, thrown.
class Failure : public std::runtime_error {
public:
    explicit Failure(Error error) : std::runtime_error{error.message}, error_{std::move(error)} {}
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
inline void check(Error error) {
    if (error) fail(std::move(error));
}

/// Calls f(error) of a fresh Error, and fails if it was filled: of a function that fills one, the form that throws.
template <class F>
auto or_fail(F&& f) {
    Error error;
    if constexpr (std::is_void_v<decltype(f(error))>) {
        f(error);
        check(std::move(error));
    } else {
        auto result = f(error);
        check(std::move(error));
        return result;
    }
}

} // namespace rondo
