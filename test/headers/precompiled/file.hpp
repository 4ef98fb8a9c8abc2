// SPDX-License-Identifier: MIT
#include <rondo/io/file/portable.hpp> // precompiled
