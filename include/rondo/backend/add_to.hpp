// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// p += q, for a backend's `elements`.
template <class S>
struct AddTo {
    S* p;
    const S* q;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        L::add(p + k, L::load(q + k));
    }
};

} // namespace rondo
