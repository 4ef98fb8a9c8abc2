// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Lengths of sequences that a forward computes from those of its inputs, in host memory.
///
/// Memory  one array for each call of take; a forward with no more sequences than before allocates nothing.
class LengthPool {
public:
    void clear() { used_ = 0; }
    int* take(int batch) {
        if (used_ == all_.size()) all_.emplace_back();
        std::vector<int>& lengths = all_[used_++];
        lengths.resize(std::size_t(batch));
        return lengths.data();
    }

private:
    std::vector<std::vector<int>> all_; // an array stays where it is when there are more of them
    std::size_t used_ = 0;
};

} // namespace rondo
