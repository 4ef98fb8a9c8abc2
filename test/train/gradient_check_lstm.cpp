// SPDX-License-Identifier: MIT
#include <support/recurrent_gradients.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(LSTM, RecurrentGradients, CheckedLSTMCases<TestBackend<double>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Peephole, RecurrentGradients, CheckedPeepholeCases<TestBackend<double>>, CaseNames);
