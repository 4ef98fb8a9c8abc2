// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "part.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A value between the graph's input and its output: the parts of layers that it contains, and the axes along which
/// they lie. Shape operators rearrange the axes, and select and concatenate parts.
///
/// An axis is a product of atoms, outer first: after a Reshape of (T, B, D, H) to (T, B, D H) the last one is {parts,
/// features}. An axis without atoms has extent 1; features and parts of extent 1 are not atoms. Functions return an
/// error message, empty on success.
///
/// first ... fifth  the input's axes, steps or sequences, which is which is known from the layers; or, where `several`
///                  has their bits, features: then the features of a step are several axes, of which `features` is
///                  the last
/// stack, parts     the parts, row-major
struct OnnxFlow {
    enum Atom : std::uint8_t { first, second, third, fourth, fifth, stack, parts, features };
    static constexpr std::size_t atom_count = 8, most_axes = 6, most_parts = 32;
    struct Axis {
        std::array<Atom, atom_count> atoms{};
        std::uint8_t count = 0;
        bool operator==(const Axis&) const = default;
        bool is(std::initializer_list<Atom> wanted) const {
            return range::equal(wanted, std::span{atoms}.first(count));
        }
        bool has(Atom atom) const {
            return std::find(atoms.begin(), atoms.begin() + count, atom) != atoms.begin() + count;
        }
        void add(Atom atom) { atoms[count++] = atom; } // an atom belongs to one axis only
    };

    std::array<Axis, most_axes> axes{};
    std::size_t rank = 0;
    std::array<OnnxDim, atom_count> sizes{};
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
    int left = 0, right = 0; // steps of padding, which only a convolution can read; `sizes` counts them
    bool reflect = false;
    OnnxDim unpadded{}; // the number of steps without the padding

    void add_axis(std::initializer_list<Atom> atoms) {
        for (const Atom atom : atoms) axes[rank].add(atom);
        ++rank;
    }
    OnnxDim extent(const Axis& axis) const {
        OnnxDim all;
        for (std::size_t k = 0; k < axis.count; ++k)
            all = OnnxDim::product(all, sizes[axis.atoms[k]]).value_or(OnnxDim{-2}); // no extent is that
        return all;
    }
    std::vector<OnnxDim> shape() const {
        std::vector<OnnxDim> all;
        for (std::size_t k = 0; k < rank; ++k) all.push_back(extent(axes[k]));
        return all;
    }
    bool padded() const { return left > 0 || right > 0; }
    bool has(Atom atom) const {
        return range::any_of(axes, [&](const Axis& axis) { return axis.has(atom); });
    }
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

    /// The atoms of an axis whose extent is not 1.
    Axis wide(const Axis& axis) const {
        Axis result;
        for (std::size_t k = 0; k < axis.count; ++k)
            if (!sizes[axis.atoms[k]].is(1)) result.add(axis.atoms[k]);
        return result;
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
    void replace(Atom atom, std::initializer_list<Atom> with) {
        for (Axis& axis : axes) {
            Axis result;
            for (std::size_t k = 0; k < axis.count; ++k)
                if (axis.atoms[k] != atom) result.add(axis.atoms[k]);
                else
                    for (const Atom one : with) result.add(one);
            axis = result;
        }
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

    /// The index of an axis; negative indices count from the end.
    static std::optional<std::size_t> axis(std::int64_t index, std::size_t of) {
        const auto all = static_cast<std::int64_t>(of);
        if (index < -all || index >= all) return std::nullopt;
        return static_cast<std::size_t>(index < 0 ? index + all : index);
    }

    std::string transpose(std::span<const std::int64_t> order) {
        if (order.size() != rank) return "it permutes another number of axes than its input has";
        std::array<Axis, most_axes> permuted{};
        std::array<bool, most_axes> seen{};
        for (std::size_t k = 0; k < rank; ++k) {
            const auto from = axis(order[k], rank);
            if (!from || seen[*from]) return "its perm is no permutation of its input's axes";
            seen[*from] = true;
            permuted[k] = axes[*from];
        }
        axes = permuted;
        return {};
    }

    /// Removes an axis of extent 1.
    std::string drop(std::size_t index) {
        if (!extent(axes[index]).is(1)) return "it removes an axis whose extent is not 1";
        std::copy(axes.begin() + std::ptrdiff_t(index) + 1, axes.end(), axes.begin() + std::ptrdiff_t(index));
        axes[--rank] = {};
        return {};
    }
    std::string squeeze(std::span<const std::int64_t> which) {
        std::array<bool, most_axes> gone{};
        for (const std::int64_t index : which) {
            const auto at = axis(index, rank);
            if (!at) return "its input has no axis " + std::to_string(index);
            gone[*at] = true;
        }
        for (std::size_t k = rank; k-- > 0;)
            if (gone[k])
                if (std::string problem = drop(k); !problem.empty()) return problem;
        return {};
    }
    std::string unsqueeze(std::span<const std::int64_t> which) {
        const std::size_t all = rank + which.size();
        if (all > most_axes) return "its result has more than 6 axes";
        std::array<bool, most_axes> fresh{};
        for (const std::int64_t index : which) {
            const auto at = axis(index, all);
            if (!at || fresh[*at]) return "its result has no axis " + std::to_string(index) + ", or has it twice";
            fresh[*at] = true;
        }
        std::array<Axis, most_axes> with{};
        for (std::size_t k = 0, from = 0; k < all; ++k)
            if (!fresh[k]) with[k] = axes[from++];
        axes = with;
        rank = all;
        return {};
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
