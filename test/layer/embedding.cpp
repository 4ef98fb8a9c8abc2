// SPDX-License-Identifier: MIT
#include <rondo/layer/embedding.hpp>

#include <support/layer.hpp>

INSTANTIATE_TYPED_TEST_SUITE_P(Float, LayerGolden, EmbeddingCases<TestBackend<float>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Double, LayerGolden, EmbeddingCases<TestBackend<double>>, CaseNames);
