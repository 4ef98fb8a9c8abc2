// SPDX-License-Identifier: MIT
// expect: (sizeof...(Layers) > 0)
#include <rondo/network/sequential.hpp>

using Net = rondo::Sequential<>;
