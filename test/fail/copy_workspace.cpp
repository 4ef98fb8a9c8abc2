// SPDX-License-Identifier: MIT
// expect: deleted
// expect: it points into its own memory
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Linear<4, 8>>;

int main() {
    rondo::Workspace<Net> work;
    rondo::Workspace<Net> copy = work;
}
