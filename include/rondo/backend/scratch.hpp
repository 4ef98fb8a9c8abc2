// SPDX-License-Identifier: MIT
#pragma once

#include "../core/extent.hpp"
#include "../core/memory.hpp"
#include "../core/shards.hpp"
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

    explicit Scratch(const Shards& shards = {}) : shards_{shards} {} // counts
    Scratch(scalar* block, std::size_t capacity, const Shards& shards = {})
        : arena_{block, capacity}, shards_{shards}, executing_{true} {}

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
    /// The shards of the run.
    const Shards& shards() const { return shards_; }
    /// Memory for the sums of shards, each `size` elements; null if the run has one shard.
    scalar* take_sums(std::size_t size) { return shards_.single() ? nullptr : take(shards_.buffers() * padded(size)); }
    /// Memory for a copy of a shard's columns; null if they are contiguous.
    scalar* take_shard(std::size_t rows, const Extent& extent) {
        const std::size_t columns = shard_columns(extent);
        return columns > 0 ? take(rows * columns) : nullptr;
    }
    /// The columns of the widest shard; 0 if they are contiguous.
    std::size_t shard_columns(const Extent& extent) const {
        if (shards_.single() || extent.steps <= 1) return 0;
        return std::size_t(extent.steps) * std::size_t(shards_.widest(extent.batch));
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
    Shards shards_;
    bool executing_ = false;
    std::size_t product_ = 0;
};

} // namespace rondo
