// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A batch in the backend's memory, and the host's copy of the same bytes.
struct HostCopy {
    const std::byte *device = nullptr, *host = nullptr;
    std::size_t bytes = 0;

    /// The host's copy of what p points to; null if there is none.
    template <Backend B, class T>
    const T* find(const T* p) const {
        if constexpr (OnHost<B>) return p;
        const auto* at = reinterpret_cast<const std::byte*>(p);
        return at >= device && at < device + bytes ? reinterpret_cast<const T*>(host + (at - device)) : nullptr;
    }
};

} // namespace rondo
