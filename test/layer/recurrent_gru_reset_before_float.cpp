// SPDX-License-Identifier: MIT
#include <support/recurrent.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(GRUResetBefore, RecurrentGolden, GRUResetBeforeCases<TestBackend<float>>, CaseNames);
