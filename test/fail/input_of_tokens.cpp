// SPDX-License-Identifier: MIT
// expect: NumbersOfA<rondo::SequenceView<const float, 1>
// expect: GivenToLayerOfTokens<rondo::Embedding<7, 5
// expect: rondo: the layer reads tokens, but the value has numbers
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using namespace rondo;

using Net = Sequential<Embedding<7, 5>>;

int main() {
    Workspace<Net> work;
    work.forward(Model<Net>{Seed{1}}, SequenceView<const float, 1>{});
}
