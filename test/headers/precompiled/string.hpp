// SPDX-License-Identifier: MIT
#include <algorithm> // precompiled
#include <string>
