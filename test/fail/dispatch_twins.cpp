// SPDX-License-Identifier: MIT
// expect: rondo::dispatch: two candidates have the same tensors
#include <rondo/io/dispatch.hpp>
#include <rondo/layer/rnn.hpp>

using namespace rondo;

void open() {
    dispatch<RNN<3, 5, Stack{.layers = 2}>, RNN<3, 5, Stack{.layers = 2, .dropout = Rate{20}}>>("model",
                                                                                                [](const auto&) {});
}
