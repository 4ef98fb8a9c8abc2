// SPDX-License-Identifier: MIT
// Weights that PyTorch saved (data/make.py), by name: load_pytorch FOLDER, where the file is.
#include <rondo/stream.hpp>

#include <cmath>
#include <cstdio>
#include <string>

using namespace rondo;
// self.lstm = nn.LSTM(1, 8); self.fc = nn.Linear(8, 1); save_file(model.state_dict(), "amp.safetensors")
using Amp = Sequential<Named<"lstm", LSTM<1, 8>>, Named<"fc", Linear<8, 1>>>;
// The same tensors under other names.
using Other = Sequential<Named<"rec", LSTM<1, 8>>, Named<"out", Linear<8, 1>>>;

int main(int count, char** arguments) {
    const std::string path = std::string{count > 1 ? arguments[1] : "."} + "/amp.safetensors";
    Model<Amp> amp;
    Error error;
    load(amp, path, error); // without `error` it throws
    if (error) return std::puts(error.message.c_str()), 1;

    Model<Other> other;
    load(other, path, {.renamed = {{"rec.", "lstm."}, {"out.", "fc."}}});

    const Packed weights{amp};
    const Packed<Other> renamed{other};
    Stream a{weights};
    Stream b{renamed};
    const float y = a.step(0.5f)[0];
    std::printf("f(0.5) = %g\n", double(y)); // what PyTorch computes
    return std::isfinite(y) && b.step(0.5f)[0] == y ? 0 : 1;
}
