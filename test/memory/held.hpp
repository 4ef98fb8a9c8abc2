// SPDX-License-Identifier: MIT
#pragma once

// Replaces the allocation functions of the program that includes it, once, by ones that know how much is held, and that
// can refuse.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace held {

inline std::atomic<std::size_t> bytes = 0, most = 0;

inline constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
inline std::atomic<std::size_t> granted = never; // requests that are granted before one is refused,
inline std::atomic<bool> all_after = false;      // or all that follow
inline std::atomic<bool> refused = false;        // one was

/// Memory for `size` bytes behind `room` bytes, in which the size is kept; or null.
inline void* take(std::size_t size, std::size_t room) noexcept {
    if (granted == 0) {
        refused = true;
        if (!all_after) granted = never;
        return nullptr;
    }
    if (granted != never) --granted;
    auto* const p = static_cast<char*>(std::aligned_alloc(room, (size + 2 * room - 1) / room * room));
    if (!p) return nullptr;
    *reinterpret_cast<std::size_t*>(p) = size;
    most = std::max(most.load(), bytes += size);
    return p + room;
}
inline void* take_or_throw(std::size_t size, std::size_t room) {
    if (void* const p = take(size, room)) return p;
    throw std::bad_alloc{};
}
inline void give(void* p, std::size_t room) noexcept {
    if (!p) return;
    char* const first = static_cast<char*>(p) - room;
    bytes -= *reinterpret_cast<std::size_t*>(first);
    std::free(first);
}
inline constexpr std::size_t room = alignof(std::max_align_t);
constexpr std::size_t room_of(std::align_val_t a) { return std::max(room, static_cast<std::size_t>(a)); }

} // namespace held

// All of them: what a sanitizer has of its own does not call ours.
[[gnu::noinline]] void* operator new(std::size_t size) { return held::take_or_throw(size, held::room); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return held::take_or_throw(size, held::room); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t a) {
    return held::take_or_throw(size, held::room_of(a));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return held::take(size, held::room);
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return held::take(size, held::room);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { held::give(p, held::room); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { held::give(p, held::room); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { held::give(p, held::room); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { held::give(p, held::room); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t a) noexcept { held::give(p, held::room_of(a)); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t a) noexcept {
    held::give(p, held::room_of(a));
}
