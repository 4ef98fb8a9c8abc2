// SPDX-License-Identifier: MIT
// expect: (sizeof...(Layers) > 0)
#include <rondo/model/sequential.hpp>

using Net = rondo::Sequential<>;
