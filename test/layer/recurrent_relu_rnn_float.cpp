// SPDX-License-Identifier: MIT
#include <support/recurrent.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(ReluRNN, RecurrentGolden, ReluRNNCases<TestBackend<float>>, CaseNames);
