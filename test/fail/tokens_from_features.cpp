// SPDX-License-Identifier: MIT
// expect: const Tokens& x
// expect: rondo::Embedding<10, 8
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Linear<4, 1>, rondo::Embedding<10, 8>>;

int main() {
    rondo::Workspace<Net> work;
    work.forward(rondo::Model<Net>{rondo::Seed{1}}, rondo::SequenceView<const float, 4>{});
}
