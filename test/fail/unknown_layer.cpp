// SPDX-License-Identifier: MIT
// expect: rondo: this network has no layer of this name
#include <rondo/layer/linear.hpp>
#include <rondo/layer/network.hpp>
#include <rondo/model/workspace.hpp>

struct Net : rondo::Network<rondo::Named<"head", rondo::Linear<4, 8>>> {
    static auto forward(auto& run, auto x) { return run(rondo::layer<"haed">, x); }
};

int main() {
    rondo::Workspace<Net> work;
    work.forward(rondo::Model<Net>{rondo::Seed{1}}, rondo::SequenceView<const float, 4>{});
}
