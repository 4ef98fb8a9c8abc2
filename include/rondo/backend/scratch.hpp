// SPDX-License-Identifier: MIT
#pragma once

#include "../core/extent.hpp"
#include "../core/memory.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Temporary memory of an operation while it is executed. All operations of a program share one block.
///
/// An operation takes it in `forward_scratch(scratch)` and `backward_scratch(scratch)`. They are called twice: when the
/// operation is recorded, with a Scratch that only counts, and when it is executed.
template <Backend B>
class Scratch {
public:
    using scalar = typename B::scalar;

    Scratch() = default; // counts
    Scratch(scalar* block, std::size_t capacity) : arena_{block, capacity}, executing_{true} {}

    scalar* take(std::size_t count) {
        scalar* const piece = arena_.take(count);
        assert(!executing_ || arena_.fits()); // not counted when the operation was recorded
        return piece;
    }
    /// Memory for a batch's lengths; null if the batch has none.
    int* take_lengths(const Extent& extent) {
        static_assert(sizeof(int) <= sizeof(scalar));
        return extent.lengths ? reinterpret_cast<int*>(take(std::size_t(extent.batch))) : nullptr;
    }
    /// Declares a product (rows x inner) (inner x columns) with weights that are not packed.
    void product(std::size_t rows, std::size_t columns, std::size_t inner) {
        product_ = (std::max)(product_, B::scratch(rows, columns, inner));
    }

    std::size_t used() const { return arena_.used(); }
    /// The backend's memory for the largest product, in elements.
    std::size_t product_size() const { return product_; }

private:
    Arena<scalar> arena_;
    bool executing_ = false;
    std::size_t product_ = 0;
};

} // namespace rondo
