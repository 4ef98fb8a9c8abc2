// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

// Algorithms on a whole range, and on a projection of its elements, as in std::ranges. They check no concepts: those of
// the standard library cost more time to compile than the algorithms.
namespace rondo::inline RONDO_VERSION_NAMESPACE::range {

/// The element itself.
struct Identity {
    template <class T>
    constexpr const T& operator()(const T& element) const {
        return element;
    }
};
struct Less {
    template <class T, class U>
    constexpr bool operator()(const T& a, const U& b) const {
        return a < b;
    }
};
struct Greater {
    template <class T, class U>
    constexpr bool operator()(const T& a, const U& b) const {
        return b < a;
    }
};
struct Equal {
    template <class T, class U>
    constexpr bool operator()(const T& a, const U& b) const {
        return a == b;
    }
};

/// projection(element); a projection may be a pointer to a member.
template <class Projection, class T>
constexpr decltype(auto) project(const Projection& projection, T& element) {
    if constexpr (std::is_member_object_pointer_v<Projection>) return (element.*projection);
    else if constexpr (std::is_member_function_pointer_v<Projection>) return (element.*projection)();
    else return projection(element);
}
/// Compares the projections of two elements.
template <class Compare, class Projection>
constexpr auto by(const Compare& compare, const Projection& projection) {
    return [&](const auto& a, const auto& b) -> bool {
        return compare(range::project(projection, a), range::project(projection, b));
    };
}

template <class Range, class Predicate>
constexpr auto find_if(Range&& range, const Predicate& predicate) -> decltype(std::begin(range)) {
    auto at = std::begin(range);
    while (at != std::end(range) && !range::project(predicate, *at)) ++at;
    return at;
}
template <class Range, class T, class Projection = Identity>
constexpr auto find(Range&& range, const T& value, const Projection& projection = {}) -> decltype(std::begin(range)) {
    auto at = std::begin(range);
    while (at != std::end(range) && !(range::project(projection, *at) == value)) ++at;
    return at;
}
template <class Range, class T, class Projection = Identity>
constexpr bool contains(const Range& range, const T& value, const Projection& projection = {}) {
    return range::find(range, value, projection) != std::end(range);
}
template <class Range, class Predicate>
constexpr bool any_of(const Range& range, const Predicate& predicate) {
    return range::find_if(range, predicate) != std::end(range);
}
template <class Range, class Predicate>
constexpr bool all_of(const Range& range, const Predicate& predicate) {
    for (const auto& element : range)
        if (!range::project(predicate, element)) return false;
    return true;
}
template <class Range, class Predicate>
constexpr bool none_of(const Range& range, const Predicate& predicate) {
    return !range::any_of(range, predicate);
}
template <class Range, class T>
constexpr std::ptrdiff_t count(const Range& range, const T& value) {
    std::ptrdiff_t found = 0;
    for (const auto& element : range) found += element == value;
    return found;
}
/// The first of two adjacent elements that compare true.
template <class Range, class Compare = Equal, class Projection = Identity>
constexpr auto adjacent_find(Range&& range, const Compare& compare = {}, const Projection& projection = {})
    -> decltype(std::begin(range)) {
    return std::adjacent_find(std::begin(range), std::end(range), range::by(compare, projection));
}
template <class RangeA, class RangeB, class Compare = Equal, class ProjectionA = Identity, class ProjectionB = Identity>
constexpr bool equal(const RangeA& a, const RangeB& b, const Compare& compare = {}, const ProjectionA& of_a = {},
                     const ProjectionB& of_b = {}) {
    auto at = std::begin(a);
    auto other = std::begin(b);
    for (; at != std::end(a) && other != std::end(b); ++at, ++other)
        if (!compare(range::project(of_a, *at), range::project(of_b, *other))) return false;
    return at == std::end(a) && other == std::end(b);
}
/// The first of the largest elements.
template <class Range, class Compare = Less, class Projection = Identity>
constexpr auto max_element(Range&& range, const Compare& compare = {}, const Projection& projection = {})
    -> decltype(std::begin(range)) {
    return std::max_element(std::begin(range), std::end(range), range::by(compare, projection));
}

/// The first element of a sorted range that is not less than `value`.
template <class Range, class T, class Compare = Less, class Projection = Identity>
constexpr auto lower_bound(Range&& range, const T& value, const Compare& compare = {},
                           const Projection& projection = {}) -> decltype(std::begin(range)) {
    return std::lower_bound(std::begin(range), std::end(range), value, [&](const auto& element, const T& wanted) {
        return bool(compare(range::project(projection, element), wanted));
    });
}
/// The first element of a sorted range that is greater than `value`.
template <class Range, class T, class Compare = Less, class Projection = Identity>
constexpr auto upper_bound(Range&& range, const T& value, const Compare& compare = {},
                           const Projection& projection = {}) -> decltype(std::begin(range)) {
    return std::upper_bound(std::begin(range), std::end(range), value, [&](const T& wanted, const auto& element) {
        return bool(compare(wanted, range::project(projection, element)));
    });
}
template <class Range, class Compare = Less, class Projection = Identity>
void sort(Range&& range, const Compare& compare = {}, const Projection& projection = {}) {
    std::sort(std::begin(range), std::end(range), range::by(compare, projection));
}

/// less(i, j) of any function, by its address.
struct PositionLess {
    const void* function;
    bool (*call)(const void* function, std::size_t i, std::size_t j);

    bool operator()(std::size_t i, std::size_t j) const { return call(function, i, j); }
};
/// Sorts positions by less(i, j): the algorithm is compiled once for all orders and elements.
template <class Less>
void sort_positions(std::span<std::size_t> positions, const Less& less) {
    const PositionLess by{&less, [](const void* function, std::size_t i, std::size_t j) -> bool {
                              return (*static_cast<const Less*>(function))(i, j);
                          }};
    std::sort(positions.data(), positions.data() + positions.size(), by);
}

template <class Range, class Out>
constexpr Out copy(const Range& range, Out to) {
    return std::copy(std::begin(range), std::end(range), to);
}

} // namespace rondo::range
