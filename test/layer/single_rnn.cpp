// SPDX-License-Identifier: MIT
#include "single.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(RNNFloat, SingleCell, RNNCells<TestBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(RNNDouble, SingleCell, RNNCells<TestBackend<double>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNNFloat, SingleCell, ReluRNNCells<TestBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNNDouble, SingleCell, ReluRNNCells<TestBackend<double>>, CellNames);
