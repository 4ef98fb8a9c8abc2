// SPDX-License-Identifier: MIT
#include "single.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(LSTMFloat, SingleCell, LSTMCells<TestBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(LSTMDouble, SingleCell, LSTMCells<TestBackend<double>>, CellNames);
