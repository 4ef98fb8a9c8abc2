// SPDX-License-Identifier: MIT
// Many sequences at once over one copy of the weights: streams for voices or sessions, states saved as values.
#include <rondo/stream.hpp>

#include <cstdio>
#include <vector>

using namespace rondo;
using Net = Sequential<GRU<1, 16>, Linear<16, 1>>;

int main() {
    const Model<Net> model{Seed{1}};
    const Packed weights{model}; // const: any number of streams, in any threads

    std::vector<Stream<Net>> voices;
    for (int k = 0; k < 8; ++k) voices.emplace_back(weights);
    for (std::size_t k = 0; k < voices.size(); ++k) voices[k].step(float(k));

    // One stream that serves 1000 sessions: each session needs only a state.
    std::vector<State<Net>> sessions(1000);
    Stream stream{weights};
    for (std::size_t k = 0; k < sessions.size(); ++k) {
        stream.state(sessions[k]);
        stream.step(float(k % 8));
        sessions[k] = stream.state();
    }
    std::printf("weights %zu bytes, a state %zu\n", Packed<Net>::size, sizeof(State<Net>));
    return sessions[7] == voices[7].state() && sessions[8] == voices[0].state() ? 0 : 1;
}
