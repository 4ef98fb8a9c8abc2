// SPDX-License-Identifier: MIT
// expect: rondo: MaxPool1d and AvgPool1d read later steps, unless their padding is causal or their stride
#include <rondo/layer/pool1d.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::MaxPool1d<4, 3, rondo::PoolOptions{.stride = 2}>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::BatchState<Net> state;
    work.step(rondo::Model<Net>{rondo::Seed{1}}, state, rondo::SequenceView<const float, 4>{});
}
