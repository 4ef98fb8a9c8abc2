// SPDX-License-Identifier: MIT
#pragma once

#include "../../../version.hpp"

#include <functional>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Work that was asked for once: call by call, each with the arguments it had.
struct Graph {
    std::vector<std::function<void()>> calls{};
    bool refused = false; // it needs the host each time
};

} // namespace rondo::gpu
