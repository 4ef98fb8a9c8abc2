// SPDX-License-Identifier: MIT
#pragma once

// Replaces the allocation functions of the program that includes it, once, by ones that count their calls.

#include "sanitized.hpp"

#include <Eigen/Core> // declares posix_memalign in its own way

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace counted {

inline std::atomic<std::size_t> calls = 0; // atomic: compilers take new for a function that changes no other variable

/// How many times f() asks for memory.
template <class F>
std::size_t allocations(F&& f) {
    const std::size_t before = calls;
    f();
    return calls - before;
}

} // namespace counted

// A sanitizer wants malloc for itself; elsewhere than in glibc only new is counted, too.
#if defined(__GLIBC__) && !defined(RONDO_TEST_SANITIZED)
#define RONDO_TEST_COUNTS_MALLOC
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept { return ++counted::calls, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) noexcept { return ++counted::calls, __libc_calloc(count, size); }
void* realloc(void* old, std::size_t size) noexcept { return ++counted::calls, __libc_realloc(old, size); }
void* memalign(std::size_t alignment, std::size_t size) noexcept {
    return ++counted::calls, __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }
int posix_memalign(void** to, std::size_t alignment, std::size_t size) noexcept {
    *to = memalign(alignment, size);
    return *to ? 0 : 12;
}
}
#endif

[[gnu::noinline]] void* operator new(std::size_t size) {
    ++counted::calls;
    if (void* p = std::malloc(size > 0 ? size : 1)) return p;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    ++counted::calls;
    const auto a = static_cast<std::size_t>(alignment);
    if (void* p = std::aligned_alloc(a, (size + a - 1) / a * a)) return p;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
