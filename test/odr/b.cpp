// SPDX-License-Identifier: MIT
#include "both.hpp"

Outcome run_b() { return run_here(); }
