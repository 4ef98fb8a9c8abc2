// SPDX-License-Identifier: MIT
#include <rondo/layer/linear.hpp>

#include <support/layer.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Float, LayerGolden, LinearCases<TestBackend<float>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Double, LayerGolden, LinearCases<TestBackend<double>>, CaseNames);
