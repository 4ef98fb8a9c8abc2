// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Candidates that differ in one size: Sizes<Amp, 8, 16, 20> are Amp<8>, Amp<16> and Amp<20>.
template <template <int> class Net, int... sizes> struct Sizes {};

namespace detail {
template <class List> struct Choice;
template <template <int> class Net, int... sizes> struct Choice<Sizes<Net, sizes...>> {
    static constexpr int all[]{sizes...};
    template <int size> using Argument = std::type_identity<Net<size>>;

    template <class Visitor>
    static auto call(int size, Visitor& visitor) {
        return first<Visitor, sizes...>(size, visitor);
    }

private:
    template <class Visitor, int one, int... others>
    static auto first(int size, Visitor& visitor) -> std::invoke_result_t<Visitor&, Argument<one>> {
        if (size == one) return visitor(Argument<one>{});
        if constexpr (sizeof...(others) > 0) return first<Visitor, others...>(size, visitor);
        else return refuse<std::invoke_result_t<Visitor&, Argument<one>>>(size);
    }
    template <class Result>
    static Result refuse(int size) {
        std::string names;
        for (const int one : all) names += (names.empty() ? "" : ", ") + std::to_string(one);
        fail(Error::Kind::argument, "rondo::choose: expected a size of " + names + ", got " + std::to_string(size));
    }
};
template <int size> using IntegerOf = std::integral_constant<int, size>;
}

/// Calls visitor(std::type_identity<Net<size>>) for a size that is known only at run time, to train a network whose
/// size is an argument of the program; `dispatch` does the same for the size of a file.
///
///   template <int hidden> using Tagger = Sequential<Embedding<50, 20>, LSTM<20, hidden>, Linear<hidden, 7>>;
///   choose<Sizes<Tagger, 16, 32, 64>>(hidden, [&]<class Net>(std::type_identity<Net>) {
///       Model<Net> model{Seed{1}};
///       fit(model, data, CrossEntropy{}, Adam{}, {.epochs = 10});
///   });
///
/// The visitor is compiled once for each size. Returns its result, which is of the same type for all sizes.
///
/// Errors  argument: a size that is none of those, which the message names.
template <class List, class Visitor>
auto choose(int size, Visitor&& visitor) {
    return detail::Choice<List>::call(size, visitor);
}

/// The same for sizes by themselves, of which a network may have several: calls
/// visitor(std::integral_constant<int, size>).
///
///   choose<16, 32, 64>(hidden, [&](auto hidden) {
///       choose<1, 2>(layers, [&](auto layers) {
///           using Net = Sequential<LSTM<20, hidden, Stack{.layers = layers}>, Linear<hidden, 7>>;
///           ...
template <int... sizes, class Visitor>
    requires (sizeof...(sizes) > 0)
auto choose(int size, Visitor&& visitor) {
    const auto with_number = [&](auto of) { return visitor(typename decltype(of)::type{}); };
    return detail::Choice<Sizes<detail::IntegerOf, sizes...>>::call(size, with_number);
}

} // namespace rondo
