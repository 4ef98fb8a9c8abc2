// SPDX-License-Identifier: MIT
// expect: rondo::dispatch: two candidates have the same tensors
#include <rondo/io/dispatch.hpp>
#include <rondo/layer/gru.hpp>

using namespace rondo;

void open() { dispatch<GRU<3, 5>, GRUResetBefore<3, 5>>("model", [](const auto&) {}); }
