// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <functional>
#include <new>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Sets the padding bytes of a value to zero, so that equal values have equal bytes. Without the compiler's
/// __builtin_clear_padding it does nothing, and clears_padding is false.
#if !defined(__has_builtin)
#define RONDO_CLEARS_PADDING 0
#else
#define RONDO_CLEARS_PADDING __has_builtin(__builtin_clear_padding)
#endif
#if RONDO_CLEARS_PADDING
inline constexpr bool clears_padding = true;
template <class T>
void clear_padding(T& value) noexcept {
    __builtin_clear_padding(&value);
}
#else
inline constexpr bool clears_padding = false;
template <class T>
void clear_padding(T&) noexcept {}
#endif
#undef RONDO_CLEARS_PADDING

/// Every tensor begins at a multiple of this many elements, so that the layout does not depend on the scalar type.
inline constexpr std::size_t alignment = 16;
/// `count`, rounded up to a multiple of `alignment`.
constexpr std::size_t padded(std::size_t count) { return (count + alignment - 1) / alignment * alignment; }

/// Allocates memory aligned to 64 bytes.
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

/// A vector aligned to 64 bytes. Copy, move and == are std::vector's.
template <class T>
using Buffer = std::vector<T, AlignedAllocator<T>>;

/// A bump allocator over one block of memory, which it does not own.
///
/// `take` does not check the capacity: unless `fits()`, the memory that it returned is partly past the end of the block
/// and must not be accessed. An arena without a block computes how much memory is needed: `used()`.
template <class T>
class Arena {
public:
    Arena() = default; // without a block
    Arena(T* block, std::size_t capacity) : base_{block}, capacity_{capacity} {}

    T* take(std::size_t count) {
        T* result = base_ + used_;
        used_ += padded(count);
        return result;
    }
    std::size_t used() const { return used_; }
    std::size_t left() const { return capacity_ > used_ ? capacity_ - used_ : 0; }
    bool fits() const { return used_ <= capacity_; }
    /// Whether p points into memory that take has returned.
    bool holds(const void* p) const {
        return !std::less<>{}(p, static_cast<const void*>(base_)) &&
               std::less<>{}(p, static_cast<const void*>(base_ + used_));
    }

private:
    // Without a block, an address that is never dereferenced; with a null pointer, the arithmetic in take is undefined.
    T* base_ = reinterpret_cast<T*>(std::size_t{1} << 20); // NOLINT(performance-no-int-to-ptr)
    std::size_t used_ = 0, capacity_ = 0;
};

} // namespace rondo
