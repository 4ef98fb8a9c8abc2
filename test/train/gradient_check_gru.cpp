// SPDX-License-Identifier: MIT
#include <support/recurrent_gradients.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(GRU, RecurrentGradients, CheckedGRUCases<TestBackend<double>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(GRUResetBefore, RecurrentGradients, CheckedGRUResetBeforeCases<TestBackend<double>>,
                               CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Reversed, RecurrentGradients, CheckedReversedCases<TestBackend<double>>, CaseNames);
