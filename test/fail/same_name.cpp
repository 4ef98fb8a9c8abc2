// SPDX-License-Identifier: MIT
// expect: rondo: two layers of a network have the same name
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>

using Net = rondo::Sequential<rondo::Named<"fc", rondo::Linear<4, 8>>, rondo::Named<"fc", rondo::Linear<8, 2>>>;
constexpr auto count = rondo::parameter_count<Net>;
