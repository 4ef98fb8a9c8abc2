// SPDX-License-Identifier: MIT
// expect: Output<rondo::Linear<4, 1>, 1>::FeedsTokensOf<rondo::Embedding<10, 8
// expect: rondo::Sequential: a layer that reads tokens (Embedding) follows one whose output is numbers
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Linear<4, 1>, rondo::Embedding<10, 8>>;

int main() {
    rondo::Workspace<Net> work;
    work.forward(rondo::Model<Net>{rondo::Seed{1}}, rondo::SequenceView<const float, 4>{});
}
