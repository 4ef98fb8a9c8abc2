// SPDX-License-Identifier: MIT
#include "traces.hpp"

namespace trace {
INSTANTIATE_TYPED_TEST_SUITE_P(Float, Traces, float);
}
