// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The first argument of a layer's forward for several streams together, whose values are a batch: forward(OfStreams{},
/// run, x). A class derived from the layer that has a forward of its own hides it.
struct OfStreams {};

} // namespace rondo
