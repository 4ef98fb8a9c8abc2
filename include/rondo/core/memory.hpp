// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <functional>
#include <new>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Every tensor begins at a multiple of this many numbers, so that the layout does not depend on the scalar.
inline constexpr std::size_t alignment = 16;
constexpr std::size_t padded(std::size_t count) { return (count + alignment - 1) / alignment * alignment; }

template <class T>
struct AlignedAllocator {
    using value_type = T;
    AlignedAllocator() = default;
    template <class Other>
    AlignedAllocator(const AlignedAllocator<Other>&) noexcept {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
    void deallocate(T* p, std::size_t) noexcept { ::operator delete(p, std::align_val_t{64}); }
    bool operator==(const AlignedAllocator&) const = default;
};

/// Numbers that begin at a multiple of 64 bytes. A regular value: copy, move and == are std::vector's.
template <class T>
using Buffer = std::vector<T, AlignedAllocator<T>>;

/// Hands out aligned pieces of one block of memory, and counts how much was asked for.
///
/// A piece past the end of the block has an address, but no memory: nothing may be read or written there unless `fits`.
template <class T>
class Arena {
public:
    Arena() = default; // of a block of no size
    Arena(T* block, std::size_t capacity) : base_{block}, capacity_{capacity} {}

    T* take(std::size_t count) {
        T* piece = base_ + used_;
        used_ += padded(count);
        return piece;
    }
    std::size_t used() const { return used_; }
    std::size_t left() const { return capacity_ > used_ ? capacity_ - used_ : 0; }
    bool fits() const { return used_ <= capacity_; }
    /// Whether p lies in a piece.
    bool holds(const void* p) const {
        return !std::less<>{}(p, static_cast<const void*>(base_)) &&
               std::less<>{}(p, static_cast<const void*>(base_ + used_));
    }

private:
    // Not null, since arithmetic on a null pointer is undefined; never read.
    T* base_ = reinterpret_cast<T*>(std::size_t{1} << 20); // NOLINT(performance-no-int-to-ptr)
    std::size_t used_ = 0, capacity_ = 0;
};

} // namespace rondo
