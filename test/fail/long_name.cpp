// SPDX-License-Identifier: MIT
// expect: rondo: the name of a tensor is too long
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>

using Net = rondo::Sequential<rondo::Named<"a name that is longer than any label can be, "
                                           "being of more than ninety-six characters in all",
                                           rondo::Linear<4, 8>>>;
constexpr auto count = rondo::parameter_count<Net>;
