// SPDX-License-Identifier: MIT
#pragma once

// Under -ffast-math and -ffinite-math-only the compiler assumes that every number is finite: files with NaN load, and
// training continues without an error when the loss is NaN. A program that accepts this defines RONDO_ALLOW_FAST_MATH.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(RONDO_ALLOW_FAST_MATH)
#pragma message("rondo: -ffast-math hides NaN and infinity from every check; -fno-finite-math-only keeps them, \
RONDO_ALLOW_FAST_MATH silences this")
#endif
