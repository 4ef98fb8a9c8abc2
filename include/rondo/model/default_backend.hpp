// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/eigen/backend.hpp"
#include "fwd.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

// The default backend is stated here only.
template <class Net, Backend B = EigenBackend<float>> class Model;
template <class Net, Backend B = EigenBackend<float>> class Workspace;
template <class Net, Backend B = EigenBackend<float>> class BatchState;

} // namespace rondo
