// SPDX-License-Identifier: MIT
// expect: rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot be streamed step by step
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::LSTM<4, 8, rondo::Stack{.bidirectional = true}>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::BatchState<Net> state;
    work.step(rondo::Model<Net>{rondo::Seed{1}}, state, rondo::SequenceView<const float, 4>{});
}
