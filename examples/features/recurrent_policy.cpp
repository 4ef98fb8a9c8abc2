// SPDX-License-Identifier: MIT
// Steps a recurrent policy from ONNX for many agents, whose states are values of the caller: recurrent_policy FOLDER.
#include <rondo/io/onnx.hpp>
#include <rondo/stream.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

using namespace rondo;
using Policy = Sequential<Linear<6, 8>, Tanh<8>, Linear<8, 8>, Tanh<8>, Named<"lstm", LSTM<8, 5>>, Linear<5, 3>>;

int main(int count, char** arguments) {
    const std::string folder = count > 1 ? arguments[1] : ".";
    Model<Policy> model; // the file has two heads: its other output is "value"
    load(model, io::read_onnx(folder + "/policy.onnx", {.output = "actions"}));
    const Packed weights{model}; // const: shared by all agents, in any threads
    Stream stream{weights};

    std::vector<State<Policy>> agents(100); // zeros, as at the beginning of an episode
    for (int step = 0; step < 20; ++step)
        for (std::size_t k = 0; k < agents.size(); ++k) {
            const std::array<float, 6> observation{float(k % 7), float(step) / 20, 0, 0, 0, 1};
            if (step == int(k % 10)) agents[k].reset(); // its episode begins anew
            stream.state(agents[k]);
            const auto action = stream.step(observation);
            agents[k] = stream.state();
            if (k == 0 && step == 19) std::printf("action %g %g %g\n", action[0], action[1], action[2]);
        }

    // h and c are spans: they go to a file, or to another program, and come back.
    const State<Policy>& agent = agents[3];
    const std::vector<float> h(agent.h<"lstm">().begin(), agent.h<"lstm">().end());
    const std::vector<float> c(agent.c<"lstm">().begin(), agent.c<"lstm">().end());
    State<Policy> again;
    std::ranges::copy(h, again.h<"lstm">().begin());
    std::ranges::copy(c, again.c<"lstm">().begin());
    Stream other{weights};
    stream.state(agent);
    other.state(again);
    const std::array<float, 6> observation{1, 2, 3, 4, 5, 6};
    return std::ranges::equal(stream.step(observation), other.step(observation)) ? 0 : 1;
}
