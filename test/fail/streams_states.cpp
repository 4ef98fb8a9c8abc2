// SPDX-License-Identifier: MIT
// expect: rondo::Streams: a layer in streams takes values only, no states
#include <rondo/layer/gru.hpp>
#include <rondo/stream/streams.hpp>

using namespace rondo;

struct Net : Network<Named<"gru", GRUResetBefore<2, 3>>> {
    static constexpr int input_size = 2, output_size = 3;
    static auto forward(auto& run, const auto& x) { return run(layer<"gru">, x, from_zero).output; }
};

int main() {
    const Model<Net> model{Seed{1}};
    const Packed packed{model};
    Streams streams{packed, 2};
}
