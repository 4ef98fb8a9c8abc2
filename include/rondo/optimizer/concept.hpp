// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/number_text.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operands of an optimizer's step: flat buffers of `size` numbers, padding included.
template <class S>
struct Update {
    S* parameters;
    const S* gradient;
    S* const* memory; // Optimizer::memories buffers, zero before the first step
    std::size_t size;
    std::int64_t step; // 1, 2, ...
    double factor;     // multiplies the base rate; from a schedule
};

/// An update rule for parameters, given their gradient. Its settings and its memory are separate values.
///
/// In asynchronous steps, `backend` is a NonFiniteGuard, which has only elements, units, columns, fill, copy and sums.
///
/// Errors  problem() names a setting that is out of range.
template <class O, class B>
concept Optimizer =
    Backend<B> && std::copyable<O> && requires(const O& rule, B& backend, const Update<typename B::scalar>& update) {
        { O::memories } -> std::convertible_to<int>;
        { rule.problem() } -> std::convertible_to<Error>;
        rule.step(backend, update);
    };

namespace detail {
// A smaller epsilon is zero in float, and a parameter whose gradient was always zero would become 0 / 0.
inline constexpr double least_epsilon = (std::numeric_limits<float>::min)();

inline Error outside(const char* name, double value, double from, double below) {
    if (value >= from && value < below) return {};
    return {Error::Kind::argument, std::string{name} + ": expected a number from " + to_text(from) + " to below " +
                                       to_text(below) + ", got " + to_text(value)};
}
inline Error first_of(std::initializer_list<Error> errors) {
    for (const Error& error : errors)
        if (error) return error;
    return {};
}
}

} // namespace rondo
