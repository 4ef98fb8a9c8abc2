// SPDX-License-Identifier: MIT
// NETWORKS networks of other sizes, each trained, saved and streamed: what one more of them costs.
#include "memory.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

template <int symbols, int hidden>
using Net = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                       Named<"lstm", LSTM<hidden, hidden, Stack{.layers = 2, .dropout = Rate{20}}>>,
                       Named<"fc", Linear<hidden, symbols>>>;

template <class Network>
void run(const char* file) {
    Model<Network> model{Seed{1}};
    if (file) { // compiled, not run
        const std::vector<int> tokens(100);
        TokenWindows windows{tokens, 10, 4};
        fit(model, windows, CrossEntropy{}, Adam{}, {.epochs = 1});
        save(model, file);
    }
    const Packed weights{model};
    Stream stream{weights};
    std::printf("last=%g\n", double(stream.step(1)[0]));
}

} // namespace

int main(int argc, char** argv) {
    const char* const file = argc > 1 ? argv[1] : nullptr;
    run<Net<27, 64>>(file);
#if NETWORKS > 1
    run<Net<256, 128>>(file);
#endif
    std::printf("memory_kb=%ld\n", memory());
}
