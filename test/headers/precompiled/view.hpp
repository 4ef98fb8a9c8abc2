// SPDX-License-Identifier: MIT
#include <rondo/core/view.hpp> // precompiled
