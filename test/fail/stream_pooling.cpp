// SPDX-License-Identifier: MIT
// expect: rondo: pooling reads a sequence to its end; it cannot be streamed step by step
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::LSTM<4, 8>, rondo::MeanPooling<8>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::BatchState<Net> state;
    work.step(rondo::Model<Net>{rondo::Seed{1}}, state, rondo::SequenceView<const float, 4>{});
}
