// SPDX-License-Identifier: MIT
#pragma once

#include "fold_node.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Constant folding of operators that keep the numbers.

inline std::string OnnxFold::transpose() {
    std::vector<std::size_t> to;
    std::vector<std::int64_t> by;
    std::vector<bool> seen(x.rank);
    const auto perm = node.find("perm");
    if (perm && perm->wholes.size() != x.rank) return "it permutes another number of axes than its input has";
    for (std::size_t k = 0; k < x.rank; ++k) {
        const auto from = perm ? axis(perm->wholes[k], x.rank) : std::optional{x.rank - 1 - k};
        if (!from || seen[*from]) return "its perm is no permutation of its input's axes";
        seen[*from] = true;
        to.push_back(x.dims[*from]);
        by.push_back(steps()[*from]);
    }
    return copy(to, by, 0);
}

inline std::string OnnxFold::squeeze() {
    const auto which = walk.wholes(node, "axes", 1);
    if (!which && !node.input(1).empty()) return {};
    std::vector<bool> gone(x.rank);
    for (std::size_t k = 0; !which && k < x.rank; ++k) gone[k] = x.dims[k] == 1;
    if (which)
        for (const std::int64_t index : *which) {
            const auto at = axis(index, x.rank);
            if (!at || x.dims[*at] != 1) return "it removes an axis whose extent is not 1 of " + x.shape();
            gone[*at] = true;
        }
    std::vector<std::size_t> to;
    for (std::size_t k = 0; k < x.rank; ++k)
        if (!gone[k]) to.push_back(x.dims[k]);
    return reshape(to);
}

inline std::string OnnxFold::unsqueeze() {
    const auto which = walk.wholes(node, "axes", 1);
    if (!which) return {};
    const std::size_t all = x.rank + which->size();
    std::vector<bool> fresh(all);
    for (const std::int64_t index : *which) {
        const auto at = axis(index, all);
        if (!at || fresh[*at]) return "its result has no axis " + std::to_string(index) + ", or has it twice";
        fresh[*at] = true;
    }
    std::vector<std::size_t> to;
    for (std::size_t k = 0, from = 0; k < all; ++k) to.push_back(fresh[k] ? 1 : x.dims[from++]);
    return reshape(to);
}

inline std::string OnnxFold::to_shape() {
    bool scalar = false;
    const auto shape = walk.wholes(node.input(1), scalar);
    if (!shape) return {};
    std::vector<std::size_t> to;
    std::size_t known = 1;
    std::optional<std::size_t> open;
    for (std::size_t k = 0; k < shape->size(); ++k) {
        const std::int64_t told = (*shape)[k];
        const bool keeps = told == 0 && node.whole("allowzero", 0) == 0;
        if (told < -1 || (told == -1 && open) || (keeps && k >= x.rank) || (told > 0 && std::uint64_t(told) > x.size))
            return "its shape does not fit " + x.shape();
        if (told == -1) open = k;
        to.push_back(told == -1 ? 1 : keeps ? x.dims[k] : static_cast<std::size_t>(told));
        if (to.back() > 0 && known > x.size / to.back()) return "its shape does not fit " + x.shape();
        known *= to.back();
    }
    if (open && known > 0) to[*open] = x.size / known;
    return reshape(to);
}

inline std::string OnnxFold::flatten() {
    const std::int64_t told = node.whole("axis", 1), all = static_cast<std::int64_t>(x.rank);
    if (told < -all || told > all) return "its input has no axis " + std::to_string(told);
    std::size_t rows = 1, columns = 1;
    for (std::size_t k = 0; k < x.rank; ++k)
        (static_cast<std::int64_t>(k) < (told < 0 ? told + all : told) ? rows : columns) *= x.dims[k];
    const std::size_t to[]{rows, columns};
    return reshape(to);
}

} // namespace rondo::io::detail
