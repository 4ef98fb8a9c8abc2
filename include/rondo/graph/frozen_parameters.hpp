// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The parts of a buffer of parameters that training does not change. A program needs no backward of the operations
/// before the first one that depends on any other parameter.
class FrozenParameters {
public:
    void add(std::size_t first, std::size_t count) { ranges_.push_back({first, count}); }
    bool empty() const { return ranges_.empty(); }
    bool contains(std::size_t offset) const {
        for (const auto& [first, count] : ranges_)
            if (offset >= first && offset - first < count) return true;
        return false;
    }
    /// Calls f(first, count) for each part.
    template <class F>
    void each(const F& f) const {
        for (const auto& [first, count] : ranges_) f(first, count);
    }

private:
    std::vector<std::pair<std::size_t, std::size_t>> ranges_;
};

} // namespace rondo
