// SPDX-License-Identifier: MIT
// What most of the rejected sources include.
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/stream/stream.hpp>
