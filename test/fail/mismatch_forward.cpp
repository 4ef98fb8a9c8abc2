// SPDX-License-Identifier: MIT
// expect: Features<8>::FeedInputOf<rondo::Named<
// expect: rondo::Linear<9, 2>
// expect: rondo: a value's features are not the input size of the layer it is given to
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/linear.hpp>
#include <rondo/layer/network.hpp>
#include <rondo/model/workspace.hpp>

struct Net : rondo::Network<rondo::Named<"in", rondo::Linear<4, 8>>, rondo::Named<"out", rondo::Linear<9, 2>>> {
    static auto forward(auto& run, auto x) { return run(rondo::layer<"out">, run(rondo::layer<"in">, x)); }
};

int main() {
    rondo::Workspace<Net> work;
    work.forward(rondo::Model<Net>{rondo::Seed{1}}, rondo::SequenceView<const float, 4>{});
}
