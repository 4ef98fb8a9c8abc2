// SPDX-License-Identifier: MIT
// Precompiled headers of most tests.
#include <rondo/rondo.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <support/kernels.hpp>
