// SPDX-License-Identifier: MIT
#pragma once

#include "../../../version.hpp"

#include <functional>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Captured work: a list of calls, each with its arguments at the time of the capture.
struct Graph {
    std::vector<std::function<void()>> calls{};
    bool refused = false; // the work cannot be captured, since it needs the host
};

} // namespace rondo::gpu
