// SPDX-License-Identifier: MIT
// What most tests include, read once.
#include <rondo/rondo.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <support/kernels.hpp>
