// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace rondo::inline v0_1 {

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

/// Hands out aligned pieces of one block of memory, and says how much of it is in use.
///
/// Without a block it only counts: pieces then have an address but no memory, and the same code that will place its
/// values measures how much room they need.
template <class T>
class Arena {
public:
    Arena() = default;
    explicit Arena(T* base) : base_{base} {}

    T* take(std::size_t count) {
        T* piece = base_ + used_;
        used_ += padded(count);
        return piece;
    }
    std::size_t used() const { return used_; }

private:
    // Not null, since arithmetic on a null pointer is undefined; never read.
    T* base_ = reinterpret_cast<T*>(std::size_t{1} << 20); // NOLINT(performance-no-int-to-ptr)
    std::size_t used_ = 0;
};

} // namespace rondo
