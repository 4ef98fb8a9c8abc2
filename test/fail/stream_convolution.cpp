// SPDX-License-Identifier: MIT
// expect: rondo: Conv1d reads later steps, unless its padding is causal; it cannot be streamed step by step
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Conv1d<4, 8, 3>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::BatchState<Net> state;
    work.step(rondo::Model<Net>{rondo::Seed{1}}, state, rondo::SequenceView<const float, 4>{});
}
