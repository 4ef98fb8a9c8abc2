// SPDX-License-Identifier: MIT
// expect: (sizeof...(Layers) > 0)
#include <rondo/layer/sequential.hpp>

using Net = rondo::Sequential<>;
