// SPDX-License-Identifier: MIT
// A training step of the character model on the device, by Trainer: a line of JSON. Wall-clock time, which includes the
// host's.

#include <rondo/backend/thrust/backend.hpp>
#include <rondo/rondo.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace rondo;

namespace {

constexpr int symbols = 26, hidden = 128;
using Net = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                       Named<"lstm", LSTM<hidden, hidden, Stack{.layers = 2, .dropout = Rate{20}}>>,
                       Named<"fc", Linear<hidden, symbols>>>;
using B = ThrustBackend<float>;

void measure(int batch, int steps, int runs) {
    const Extent extent{steps, batch};
    const RandomStream draw{Seed{7}, Purpose::user};
    std::vector<int> tokens(extent.columns() + std::size_t(batch));
    for (std::size_t k = 0; k < tokens.size(); ++k) tokens[k] = int(uniform_index(draw.wide(k), symbols));
    const Batch<Tokens, Tokens> data{{Tokens{tokens.data(), nullptr, extent}},
                                     Tokens{tokens.data() + batch, nullptr, extent}};
    Model<Net, B> model{Seed{1}};
    Trainer trainer{model, CrossEntropy{}, Adam{}, TrainerSettings{.clip_norm = 5}};
    std::vector<double> times;
    for (int round = 0; round < 12; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        for (int k = 0; k < runs; ++k) trainer.enqueue(data);
        trainer.collect();
        const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
        if (round > 1) times.push_back(time.count() / runs);
    }
    std::ranges::sort(times);
    std::printf("{\"library\": \"Rondo\", \"step\": \"Trainer\", \"hidden\": %d, \"batch\": %d, \"steps\": %d, "
                "\"min\": %.2f, \"median\": %.2f}\n",
                hidden, batch, steps, times.front(), times[times.size() / 2]);
}

} // namespace

int main(int count, char** arguments) {
    const int runs = count > 1 ? std::atoi(arguments[1]) : 100;
    measure(32, 40, runs);
    measure(1, 40, runs);
    measure(128, 40, runs);
}
