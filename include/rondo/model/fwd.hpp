// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

// Forward declarations, without a default backend: what reads and writes files needs no more of a model.
template <class Net, Backend B> class Model;
template <class Net, Backend B> class Workspace;
template <class Net, Backend B> class BatchState;

} // namespace rondo
