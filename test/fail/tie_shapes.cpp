// SPDX-License-Identifier: MIT
// expect: rondo::Tied: two tensors that are tied must have the same shape
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>

using Net = rondo::Sequential<rondo::Named<"in", rondo::Embedding<10, 4>>, rondo::Named<"out", rondo::Linear<4, 9>>>;
constexpr auto count = rondo::parameter_count<rondo::Tied<Net, rondo::Tie<"out.weight", "in.weight">>>;
