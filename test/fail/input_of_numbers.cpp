// SPDX-License-Identifier: MIT
// expect: rondo::Workspace: an input is numbers alone; expected a SequenceView, which has their extent, too
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/gru.hpp>
#include <rondo/model/workspace.hpp>

#include <vector>

using namespace rondo;

int main() {
    const std::vector<float> x(9);
    Workspace<GRU<3, 5>> work;
    work.forward(Model<GRU<3, 5>>{Seed{1}}, x);
}
