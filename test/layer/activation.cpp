// SPDX-License-Identifier: MIT
#include <rondo/layer/activation.hpp>

#include <support/layer.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Float, LayerGolden, ActivationCases<TestBackend<float>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Double, LayerGolden, ActivationCases<TestBackend<double>>, CaseNames);
