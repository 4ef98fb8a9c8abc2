// SPDX-License-Identifier: MIT
// A server's sessions, stepped together: those that have input now, with the weights read once for a group of them.
#include <rondo/stream.hpp>

#include <cstdio>
#include <span>
#include <vector>

using namespace rondo;
using Net = Sequential<LSTM<2, 64>, Linear<64, 1>>;
using Sessions = Streams<Net>;

int main() {
    const Model<Net> model{Seed{1}};
    const Packed weights{model};
    Sessions sessions{weights, 1000}; // allocates the states; nothing below allocates in sessions

    std::vector<Sessions::Handle> all;
    for (int k = 0; k < 100; ++k) all.push_back(sessions.join());
    std::vector<float> x(100 * Sessions::inputs_size), y(100 * Sessions::output_size);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = float(k % 7);
    if (!sessions.step(all, x, y)) return 1;

    // The next step has input of two sessions only, in any order; a session may leave at any time.
    const std::vector<Sessions::Handle> two{all[42], all[7]};
    const std::vector<float> next{0.5f, -1, 2, 0};
    y.resize(2);
    if (!sessions.step(two, next, y)) return 1;
    sessions.leave(all[42]);
    const bool refused = !sessions.step(two, next, y); // a handle of a session that left: nothing is stepped

    Stream alone{weights}; // has the same bits
    alone.step(std::span<const float, 2>{&x[14], 2});
    const float expected = alone.step(std::span<const float, 2>{&next[2], 2})[0];
    std::printf("%zu sessions, result %g, alone %g\n", sessions.size(), double(y[1]), double(expected));
    return refused && y[1] == expected ? 0 : 1;
}
