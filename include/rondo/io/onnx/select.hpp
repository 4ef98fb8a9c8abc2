// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "flow.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The range [from, to) of an axis with a step, as in Slice: negative numbers count from the end.
struct OnnxRange {
    static constexpr std::int64_t all = (std::numeric_limits<std::int32_t>::max)(); // this or more: to the end
    std::int64_t from = 0, to = all, step = 1;

    /// The begin and the number of elements on an axis of `size` elements, for a step of 1.
    std::pair<std::size_t, std::size_t> within(std::size_t size) const {
        const auto places = static_cast<std::int64_t>(size);
        const auto bounded = [places](std::int64_t at) {
            return std::clamp<std::int64_t>(at < 0 ? (std::max)(at, -places) + places : at, 0, places);
        };
        const std::int64_t begin = bounded(from), end = (std::max)(bounded(to), begin);
        return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)};
    }
};

/// Selects some of the parts along an axis.
inline std::string onnx_select_parts(OnnxFlow& x, std::size_t axis, std::span<const std::int64_t> places) {
    const auto atoms = x.wide(x.axes[axis]);
    if (!atoms.is({OnnxFlow::parts}) && !atoms.is({OnnxFlow::stack}))
        return "it picks several places of an axis of steps, sequences or features";
    std::vector<std::size_t> all;
    for (const std::int64_t place : places) {
        const auto at = OnnxFlow::axis(place, std::size_t(x.sizes[atoms.atoms[0]].times));
        if (!at) return "its index is outside " + std::to_string(x.sizes[atoms.atoms[0]].times) + " states";
        all.push_back(*at);
    }
    return x.pick(atoms.atoms[0], all);
}

/// Selects a range of an axis: all of it, some parts, the first or last step, or all steps in reverse.
inline std::string
onnx_select(OnnxFlow& x, std::size_t axis, OnnxRange range,
            const char* otherwise = "it takes a part of the data that is not its first or last step") {
    using Atom = OnnxFlow::Atom;
    const auto atoms = x.wide(x.axes[axis]);
    const OnnxDim extent = x.extent(x.axes[axis]);
    const std::int64_t size = extent.known() ? extent.times : 0;
    if (extent.known() && size < 1) return "its input has an axis of no extent";
    const auto [begin, count] = range.within(std::size_t(size)); // valid if the extent is known
    const bool forward = range.step == 1, to_end = range.to >= OnnxRange::all;
    const auto& lies = x.axes[axis];
    const bool full = forward && (extent.known() ? std::int64_t(count) == size : range.from == 0 && to_end);
    if (x.padded() && !full) return "it takes a part of steps with padding; only a convolution or a pool reads them";
    if (full && (range.from == 0 || lies.count == atoms.count)) return {}; // the last of one step is a LastStep
    if (forward && extent.known() && count == 0)
        return "it picks what is outside its input's axis of " + std::to_string(size);

    const bool of_parts = atoms.count > 0 && (atoms.atoms[0] == OnnxFlow::parts || atoms.atoms[0] == OnnxFlow::stack);
    const bool with_features = atoms.count == 2 && atoms.atoms[1] == OnnxFlow::features;
    const std::size_t inner = with_features ? std::size_t(x.sizes[Atom::features].times) : 1;
    if (of_parts && forward && (atoms.count == 1 || inner > 1)) {
        if (begin % inner != 0 || count % inner != 0) return "it takes some of the features that a layer gives";
        std::vector<std::size_t> places(count / inner);
        std::iota(places.begin(), places.end(), begin / inner);
        return x.pick(atoms.atoms[0], places);
    }

    const bool one = lies.count == 1 && x.is_outer(lies.atoms[0]) && !x.cut;
    const Atom atom = lies.atoms[0];
    const bool steps = one && range::all_of(x.list, [](const OnnxPart& part) { return part.what == OnnxPart::steps; });
    if (steps && (!x.time || *x.time == atom)) {
        const bool backward =
            range.step == -1 &&
            (range.from == -1 || range.from >= OnnxRange::all || (extent.known() && range.from == size - 1)) &&
            range.to <= (extent.known() ? -size - 1 : -OnnxRange::all);
        if (backward && !x.lengths) {
            x.time = atom;
            x.flipped = !x.flipped;
            return {};
        }
        const bool last = forward && (extent.known() ? begin + 1 == std::size_t(size) : range.from == -1 && to_end),
                   start = forward && (extent.known() ? begin == 0 && count == 1 : range.from == 0 && range.to == 1);
        if (last || (start && (x.time || x.is_input()))) {
            const bool at_end = last != x.flipped;
            if (at_end && x.lengths)
                return "it picks the last of all steps; where sequence_lens is given, Y_h is the last of each sequence";
            for (OnnxPart& part : x.list) part.what = at_end ? OnnxPart::last : OnnxPart::first;
            if (last) x.time = atom; // index 0 of an input may be a step or a sequence; the layers show which
            x.axes[axis] = {};
            x.flipped = false;
            return {};
        }
    }
    if (full) return {};
    if (x.is_input() && lies.count == 1 && forward && extent.known()) { // a part of initial states
        x.sizes[atom] = {std::int64_t(count)};
        x.cut = true;
        x.settle();
        return {};
    }
    return otherwise;
}

} // namespace rondo::io::detail
