// SPDX-License-Identifier: MIT
// The same program on libtorch.
#include "memory.hpp"

#include <torch/torch.h>

int main() {
    const torch::NoGradGuard guard;
    torch::nn::LSTMCell cell{1, HIDDEN};
    torch::nn::Linear fc{HIDDEN, 1};
    auto carried = std::tuple{torch::zeros({1, HIDDEN}), torch::zeros({1, HIDDEN})};
    auto x = torch::full({1, 1}, 0.1f);
    for (int k = 0; k < 1000; ++k) {
        carried = cell->forward(x, carried);
        x = fc->forward(std::get<0>(carried));
    }
    std::printf("last=%g memory_kb=%ld\n", x.item<double>(), memory());
}
