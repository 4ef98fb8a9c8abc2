// SPDX-License-Identifier: MIT
#include <rondo/layer/softmax.hpp>

#include <support/layer.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Float, LayerGolden, SoftmaxCases<TestBackend<float>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Double, LayerGolden, SoftmaxCases<TestBackend<double>>, CaseNames);
