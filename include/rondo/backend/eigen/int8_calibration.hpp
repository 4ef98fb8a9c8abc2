// SPDX-License-Identifier: MIT
#pragma once

#include "int8_columns.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// The kernels of one stream with which `calibrate` records ranges: each step, they store the largest magnitudes of what
// they multiply in the header of the packed weights, which `calibrate` alone uses meanwhile. The results are those of
// weights that are not calibrated.

struct Int8Observer {
    static void observe(float& range, float largest) { range = (std::max)(range, largest); }
    /// Calls f(ranges) and then g() as if there were no ranges.
    template <class F, class G>
    static void without_ranges(const std::byte* packed, F&& f, G&& g) {
        auto& ranges = *reinterpret_cast<Int8Ranges*>(const_cast<std::byte*>(packed));
        f(ranges);
        const Int8Ranges observed = ranges;
        ranges = {};
        g();
        ranges = observed;
    }
};

template <class Step>
struct Int8ObservedStep : Step {};

template <class C, int In, int H, int R, class P, class Dot>
struct Int8ObservedStep<Int8CellStep<C, In, H, R, P, Dot>> : Int8CellStep<C, In, H, R, P, Dot>, private Int8Observer {
    using Step = Int8CellStep<C, In, H, R, P, Dot>;
    static void step(const std::byte* packed, const float* x, float* state, bool back) {
        without_ranges(
            packed,
            [&](Int8Ranges& ranges) {
                observe(ranges.x, Step::W::Vector::largest(x));
                observe(ranges.h, Step::U::Vector::largest(state));
            },
            [&] { Step::step(packed, x, state, back); });
    }
};
template <class C, int In, int H, class P, class Dot>
struct Int8ObservedStep<Int8ResetStep<C, In, H, P, Dot>> : Int8ResetStep<C, In, H, P, Dot>, private Int8Observer {
    using Step = Int8ResetStep<C, In, H, P, Dot>;
    static void step(const std::byte* packed, const float* x, float* state, bool back) {
        without_ranges(
            packed,
            [&](Int8Ranges& ranges) {
                observe(ranges.x, Step::W::Vector::largest(x));
                observe(ranges.h, Step::U::Vector::largest(state));
                observe(ranges.q, Step::U::Vector::largest(state)); // |q| <= |h|, since a reset is a weight of h
            },
            [&] { Step::step(packed, x, state, back); });
    }
};
template <class C, int In, int H, int Out, class P, class Dot, class Q, class DotOfOut>
struct Int8ObservedStep<Int8ProjectedStep<C, In, H, Out, P, Dot, Q, DotOfOut>>
    : Int8ProjectedStep<C, In, H, Out, P, Dot, Q, DotOfOut>, private Int8Observer {
    using Step = Int8ProjectedStep<C, In, H, Out, P, Dot, Q, DotOfOut>;
    static void step(const std::byte* packed, const float* x, float* state, bool back) {
        without_ranges(
            packed,
            [&](Int8Ranges& ranges) {
                observe(ranges.x, Step::Cell::W::Vector::largest(x));
                observe(ranges.h, Step::Cell::U::Vector::largest(state));
            },
            [&] { Step::step(packed, x, state, back); });
    }
};
template <int In, int Out, class P, class Dot>
struct Int8ObservedStep<Int8LinearStep<In, Out, P, Dot>> : Int8LinearStep<In, Out, P, Dot>, private Int8Observer {
    using Step = Int8LinearStep<In, Out, P, Dot>;
    static void step(const std::byte* packed, const float* x, float* y) {
        without_ranges(
            packed, [&](Int8Ranges& ranges) { observe(ranges.x, Step::Vector::largest(x)); },
            [&] { Step::step(packed, x, y); });
    }
};

} // namespace rondo::eigen
