// SPDX-License-Identifier: MIT
// A stream whose weights are bfloat16: half the memory; sums and states stay in float.
#include <rondo/stream.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace rondo;
using Net = Sequential<LSTM<1, 32>, Linear<32, 1>>;
using Half = Packed<Net, EigenBackend<float>, bfloat16>;

int main() {
    const Model<Net> model{Seed{1}};
    const Packed weights{model};
    const Half half{model}; // each weight rounded by at most 2^-8 of itself
    Stream exact{weights};
    Stream rounded{half};
    float worst = 0;
    for (int k = 0; k < 200; ++k) {
        const float x = std::sin(float(k) / 5);
        worst = std::max(worst, std::abs(exact.step(x)[0] - rounded.step(x)[0]));
    }
    std::printf("%zu bytes, not %zu; differs by %g at most\n", Half::size, Packed<Net>::size, double(worst));
    return worst > 0 && worst < 1e-2f && Half::size < Packed<Net>::size * 3 / 5 ? 0 : 1;
}
