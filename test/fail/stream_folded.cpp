// SPDX-License-Identifier: MIT
// expect: rondo: this layer is a part of the packed weights of the one before it; a Sequential runs both
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/stream.hpp>

using namespace rondo;

struct Net : Sequential<Named<"fc", Linear<2, 4>>, Named<"bn", BatchNorm1d<4>>> {
    static auto forward(auto& run, const auto& x) { return run(layer<"bn">, run(layer<"fc">, x)); }
};

int main() {
    const Model<Net> model{Seed{1}};
    const Packed packed{model};
    Stream stream{packed};
}
