// SPDX-License-Identifier: MIT
// expect: rondo::Tied: running averages cannot be tied
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>

using Net = rondo::Sequential<rondo::Named<"a", rondo::BatchNorm1d<4>>, rondo::Named<"b", rondo::BatchNorm1d<4>>>;
constexpr auto count = rondo::parameter_count<rondo::Tied<Net, rondo::Tie<"b.running_var", "a.running_var">>>;
