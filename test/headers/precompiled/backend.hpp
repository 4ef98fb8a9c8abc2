// SPDX-License-Identifier: MIT
#include <rondo/backend/concept.hpp> // precompiled
