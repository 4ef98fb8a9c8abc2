// SPDX-License-Identifier: MIT
#pragma once

// The backend of typed tests: Eigen's; or, built once more, Thrust's.
#ifdef RONDO_TEST_THRUST
#include <rondo/backend/thrust/backend.hpp>

template <class S> using TestBackend = rondo::ThrustBackend<S>;
#else
#include <rondo/backend/eigen/backend.hpp>

template <class S> using TestBackend = rondo::EigenBackend<S>;
#endif
