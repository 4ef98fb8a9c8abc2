// SPDX-License-Identifier: MIT
// expect: rondo::Tied: the original must come before the tensor that is tied to it
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>

using Net = rondo::Sequential<rondo::Named<"in", rondo::Embedding<10, 4>>, rondo::Named<"out", rondo::Linear<4, 10>>>;
constexpr auto count = rondo::parameter_count<rondo::Tied<Net, rondo::Tie<"in.weight", "out.weight">>>;
