// SPDX-License-Identifier: MIT
// expect: rondo: a value's numbers are not of the backend's type
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Linear<4, 8>>;

int main() {
    rondo::Workspace<Net, rondo::EigenBackend<double>> work;
    work.forward(rondo::Model<Net, rondo::EigenBackend<double>>{rondo::Seed{1}}, rondo::SequenceView<const float, 4>{});
}
