// SPDX-License-Identifier: MIT
#include <support/network_gradients.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Networks, NetworkGradients, CompositionCases<TestBackend<double>>, CaseNames);
