// SPDX-License-Identifier: MIT
#include <rondo/io/onnx/walk.hpp> // precompiled
