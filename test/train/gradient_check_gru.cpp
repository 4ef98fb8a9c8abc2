// SPDX-License-Identifier: MIT
#include <support/recurrent_gradients.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(GRU, RecurrentGradients, CheckedGRUCases<rondo::EigenBackend<double>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(GRUResetBefore, RecurrentGradients,
                               CheckedGRUResetBeforeCases<rondo::EigenBackend<double>>, CaseNames);
