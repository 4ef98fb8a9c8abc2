// SPDX-License-Identifier: MIT
#include "single.hpp"

INSTANTIATE_TYPED_TEST_SUITE_P(RNNFloat, SingleCell, RNNCells<rondo::EigenBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(RNNDouble, SingleCell, RNNCells<rondo::EigenBackend<double>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNNFloat, SingleCell, ReluRNNCells<rondo::EigenBackend<float>>, CellNames);
INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNNDouble, SingleCell, ReluRNNCells<rondo::EigenBackend<double>>, CellNames);
