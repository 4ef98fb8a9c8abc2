// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "part.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The axes of a value between the graph's input and its output, which shape operators rearrange.
///
/// An axis is a product of atoms, outer first: after a Reshape of (T, B, D, H) to (T, B, D H) the last one is {parts,
/// features}. An axis without atoms has extent 1; features and parts of extent 1 are not atoms. Functions return an
/// error message, empty on success.
///
/// first ... fifth  the input's axes, steps or sequences, which is which is known from the layers; or, where a flow's
///                  `several` has their bits, features: then the features of a step are several axes, of which
///                  `features` is the last
/// stack, parts     the parts of layers, row-major
struct OnnxAxes {
    enum Atom : std::uint8_t { first, second, third, fourth, fifth, stack, parts, features };
    static constexpr std::size_t atom_count = 8, most_axes = 6;
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
    bool has(Atom atom) const {
        return range::any_of(axes, [&](const Axis& axis) { return axis.has(atom); });
    }

    /// The atoms of an axis whose extent is not 1.
    Axis wide(const Axis& axis) const {
        Axis result;
        for (std::size_t k = 0; k < axis.count; ++k)
            if (!sizes[axis.atoms[k]].is(1)) result.add(axis.atoms[k]);
        return result;
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
};

} // namespace rondo::io::detail
