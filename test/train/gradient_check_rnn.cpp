// SPDX-License-Identifier: MIT
#include <support/recurrent_gradients.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(RNN, RecurrentGradients, CheckedRNNCases<TestBackend<double>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNN, RecurrentGradients, CheckedReluRNNCases<TestBackend<double>>, CaseNames);
