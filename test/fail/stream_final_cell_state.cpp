// SPDX-License-Identifier: MIT
// expect: rondo: FinalCellState gives a sequence's last c; in a stream the State has it
#include <rondo/layer/final_cell_state.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::FinalCellState<rondo::LSTM<4, 8>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::BatchState<Net> state;
    work.step(rondo::Model<Net>{rondo::Seed{1}}, state, rondo::SequenceView<const float, 4>{});
}
