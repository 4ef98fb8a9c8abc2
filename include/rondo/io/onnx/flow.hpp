// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "axes.hpp"
#include "part.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A value between the graph's input and its output: the parts of layers that it contains, and the axes along which
/// they lie. Shape operators rearrange the axes, and select and concatenate parts. Functions return an error message,
/// empty on success.
struct OnnxFlow : OnnxAxes {
    static constexpr std::size_t most_parts = 32;

    std::vector<OnnxPart> list{OnnxPart{}};
    std::uint32_t input = 0;    // index of the graph input that it depends on
    std::optional<Atom> time{}; // the axis of the input that is time
    bool recurrent = false;     // a recurrent layer precedes it
    bool lengths = false;       // a recurrent layer that precedes it has lengths from the caller
    bool flipped = false;       // its steps are reversed
    bool tokens = false;
    bool whole = false;      // the input is of whole numbers: tokens, possibly cast to real numbers
    bool cut = false;        // a part of the input only
    unsigned several = 0;    // bits of atoms
    int left = 0, right = 0; // steps of padding, which only a convolution or a pool can read; `sizes` counts them
    bool reflect = false;    // not with zeros
    bool lowest = false;     // but with minus infinity
    OnnxDim unpadded{};      // the number of steps without the padding

    bool padded() const { return left > 0 || right > 0; }
    /// Whether this is an input of the graph, or a part of one.
    bool is_input() const {
        return range::all_of(list, [](const OnnxPart& part) { return part.layer == 0; });
    }
    bool is_outer(Atom atom) const { return atom < stack && (several >> atom & 1u) == 0; }
    std::int64_t feature_count() const {
        OnnxDim all = sizes[features];
        for (Atom atom = first; atom < stack; atom = Atom(atom + 1))
            if (!is_outer(atom)) all = OnnxDim::product(all, sizes[atom]).value_or(all);
        return all.times * std::int64_t(list.size());
    }

    /// Whether the axis has all features of a step, of all parts.
    bool is_features(const Axis& axis) const {
        Axis expected;
        for (Atom atom = first; atom < stack; atom = Atom(atom + 1))
            if (!is_outer(atom) && !sizes[atom].is(1)) expected.add(atom);
        if (list.size() > 1) expected.add(parts);
        if (!sizes[features].is(1)) expected.add(features);
        return wide(axis) == expected;
    }
    /// The same of the axes from `begin` on, before `end`, together.
    bool are_features(std::size_t begin, std::size_t end) const {
        Axis all;
        for (std::size_t k = begin; k < end; ++k)
            for (std::size_t n = 0; n < axes[k].count; ++n) all.add(axes[k].atoms[n]);
        return is_features(all);
    }
    /// Features of several axes, which are one now, become one atom.
    void merge_features() {
        if (several == 0) return;
        sizes[features] = {feature_count()};
        for (Atom atom = first; atom < stack; atom = Atom(atom + 1))
            if (!is_outer(atom)) replace(atom, {}), sizes[atom] = {};
        several = 0;
        if (!has(features) && !sizes[features].is(1)) axes[rank - 1].add(features);
    }
    /// Removes atoms of extent 1, and merges adjacent stack and parts into parts.
    void settle() {
        if (has(stack))
            for (const Axis& axis : axes)
                for (std::size_t k = 1; k < axis.count; ++k)
                    if (axis.atoms[k - 1] == stack && axis.atoms[k] == parts) {
                        replace(stack, {});
                        sizes[parts] = {std::int64_t(list.size())};
                        return settle();
                    }
        for (const Atom atom : {stack, parts, features})
            if (sizes[atom].is(1)) replace(atom, {});
        if (has(stack) && !has(parts)) {
            replace(stack, {parts});
            sizes[parts] = std::exchange(sizes[stack], {});
        }
    }

    /// Flattens to two axes: those before `index`, and those from it on.
    std::string flatten(std::int64_t index) {
        const auto all = static_cast<std::int64_t>(rank);
        if (index < -all || index > all) return "its input has no axis " + std::to_string(index);
        const auto split = static_cast<std::size_t>(index < 0 ? index + all : index);
        std::array<Axis, most_axes> result{};
        for (std::size_t k = 0; k < rank; ++k)
            for (std::size_t n = 0; n < axes[k].count; ++n) result[k < split ? 0 : 1].add(axes[k].atoms[n]);
        axes = result;
        rank = 2;
        settle();
        return {};
    }

    /// Reshapes, keeping the order of elements; 0 keeps an extent, -1 is inferred.
    std::string reshape(std::vector<OnnxDim> shape, bool zero_keeps) {
        if (shape.size() > most_axes) return "its result has more than 6 axes";
        if (range::count(shape, OnnxDim{-1}) > 1) return "its shape has two extents -1";
        for (std::size_t k = 0; zero_keeps && k < shape.size(); ++k)
            if (shape[k].is(0)) {
                if (k >= rank) return "its shape keeps an axis that its input does not have";
                shape[k] = extent(axes[k]);
            }
        if (fill(shape)) return {};
        const auto count = static_cast<std::int64_t>(list.size());
        for (std::int64_t outer = 2; !has(stack) && has(parts) && outer < count; ++outer) { // layers, then directions
            if (count % outer != 0) continue;
            OnnxFlow split = *this;
            split.replace(parts, {stack, parts});
            split.sizes[stack] = {outer};
            split.sizes[parts] = {count / outer};
            if (!split.fill(shape)) continue;
            *this = std::move(split);
            return {};
        }
        // The steps of all sequences along one axis, which becomes two: the number of sequences is that of a state.
        const OnnxDim sequences{1, {0, 1}};
        if (!has(second) && !time && has(first) && !sizes[first].known() &&
            range::find(shape, sequences) != shape.end()) {
            OnnxFlow split = *this;
            split.replace(first, {first, second});
            split.sizes[second] = sequences;
            if (split.fill(shape)) return *this = std::move(split), "";
        }
        return "its shape cuts across the axes of its input";
    }

    /// Selects parts by their indices along `along`, which is stack or parts.
    std::string pick(Atom along, std::span<const std::size_t> places) {
        const std::size_t outer = has(stack) ? std::size_t(sizes[stack].times) : 1, inner = list.size() / outer;
        std::vector<OnnxPart> picked;
        if (places.empty() || places.size() * (along == stack ? inner : outer) > most_parts)
            return "it picks none, or more than 32 parts";
        if (along == stack)
            for (const std::size_t k : places)
                picked.insert(picked.end(), list.begin() + std::ptrdiff_t(k * inner),
                              list.begin() + std::ptrdiff_t((k + 1) * inner));
        else
            for (std::size_t k = 0; k < outer; ++k)
                for (const std::size_t n : places) picked.push_back(list[k * inner + n]);
        list = std::move(picked);
        sizes[along] = {std::int64_t(places.size())};
        settle();
        return {};
    }

private:
    /// Assigns atoms from both ends until each axis has its extent; an atom of extent 1 goes to an axis of extent 1.
    bool fill(std::span<const OnnxDim> shape) {
        std::array<Atom, atom_count> atoms{};
        std::size_t begin = 0, end = 0;
        for (std::size_t k = 0; k < rank; ++k)
            for (std::size_t n = 0; n < axes[k].count; ++n) atoms[end++] = axes[k].atoms[n];
        std::array<Axis, most_axes> result{};
        const auto take = [&](std::size_t k, bool from_front) {
            OnnxDim all;
            const auto next = [&] { return atoms[from_front ? begin : end - 1]; };
            const auto both_one = [&] { return shape[k].is(1) && result[k].count == 0 && sizes[next()].is(1); };
            while (begin < end && (all != shape[k] || both_one())) {
                const Atom atom = next();
                const auto product = OnnxDim::product(all, sizes[atom]);
                if (!product) return false;
                all = *product;
                from_front ? void(++begin) : void(--end);
                result[k].add(atom);
            }
            if (!from_front) std::reverse(result[k].atoms.begin(), result[k].atoms.begin() + result[k].count);
            return all == shape[k];
        };
        const auto open = range::find(shape, OnnxDim{-1});
        const auto stop = static_cast<std::size_t>(open - shape.begin());
        bool fits = true;
        for (std::size_t k = 0; k < stop && fits; ++k) fits = take(k, true);
        for (std::size_t k = shape.size(); k-- > stop + 1 && fits;) fits = take(k, false);
        if (fits && open != shape.end()) {
            while (begin < end) result[stop].add(atoms[begin++]);
        } else if (fits && !shape.empty()) {
            while (begin < end && sizes[atoms[begin]].is(1)) result[shape.size() - 1].add(atoms[begin++]);
        }
        if (!fits || begin < end) return false;
        axes = result;
        rank = shape.size();
        settle();
        return true;
    }
};

} // namespace rondo::io::detail
