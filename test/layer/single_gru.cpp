// SPDX-License-Identifier: MIT
#include "single.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(GRUFloat, SingleCell, GRUCells<TestBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(GRUDouble, SingleCell, GRUCells<TestBackend<double>>, CellNames);

/// PyTorch has no cell of this kind; its layer is written out.
template <class Case>
struct SingleCellAlone : SingleCell<Case> {};
TYPED_TEST_SUITE_P(SingleCellAlone);
TYPED_TEST_P(SingleCellAlone, names) { this->has_pytorchs_names(); }
TYPED_TEST_P(SingleCellAlone, loop) { this->loop_is_the_layer(); }
REGISTER_TYPED_TEST_SUITE_P(SingleCellAlone, names, loop);
INSTANTIATE_TYPED_TEST_SUITE_P(GRUResetBeforeFloat, SingleCellAlone, GRUResetBeforeCells<TestBackend<float>>,
                               CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(GRUResetBeforeDouble, SingleCellAlone, GRUResetBeforeCells<TestBackend<double>>,
                               CellNames);
