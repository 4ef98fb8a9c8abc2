// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"
#include "../core/extent.hpp"
#include "../core/memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Memory that an operation needs while it is executed; every operation of a program works in the same block.
///
/// An operation declares it by taking it, in `forward_scratch(scratch)` and `backward_scratch(scratch)`. These
/// functions are called when the operation is recorded, with a Scratch that only counts, and again when it is executed.
template <Backend B>
class Scratch {
public:
    using scalar = typename B::scalar;

    Scratch() = default; // counts
    Scratch(scalar* block, std::size_t capacity) : arena_{block, capacity}, executing_{true} {}

    scalar* take(std::size_t count) {
        scalar* const piece = arena_.take(count);
        assert(!executing_ || arena_.fits()); // else it was not declared
        return piece;
    }
    /// Room for a batch's lengths in the backend's memory; null where it has none.
    int* take_lengths(const Extent& extent) {
        static_assert(sizeof(int) <= sizeof(scalar));
        return extent.lengths ? reinterpret_cast<int*>(take(std::size_t(extent.batch))) : nullptr;
    }
    /// Declares a product that is not prepared: rows x inner times inner x columns.
    void product(std::size_t rows, std::size_t columns, std::size_t inner) {
        product_ = (std::max)(product_, B::scratch(rows, columns, inner));
    }

    std::size_t used() const { return arena_.used(); }
    /// Numbers that the backend needs for the largest product.
    std::size_t product_size() const { return product_; }

private:
    Arena<scalar> arena_;
    bool executing_ = false;
    std::size_t product_ = 0;
};

} // namespace rondo
