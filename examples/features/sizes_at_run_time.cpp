// SPDX-License-Identifier: MIT
// Selects one of several compiled sizes by the content of a file.
#include <rondo/stream.hpp>

#include <cstdio>

using namespace rondo;
template <int hidden> using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;

int main() {
    save(Model<Amp<12>>{Seed{1}}, "twelve.safetensors");

    // A stream whose type does not depend on the size: one virtual call a block.
    AnyStream stream = load_any<Sizes<Amp, 8, 12, 16>>("twelve.safetensors");
    float in[4]{0.5f, 1, 0, -1}, out[4];
    stream.process(in, out, 4);
    std::printf("%g %g %g %g\n", double(out[0]), double(out[1]), double(out[2]), double(out[3]));

    // Or a visitor, which receives the model with its size.
    const std::size_t parameters = dispatch<Sizes<Amp, 8, 12, 16>>(
        "twelve.safetensors", [](auto model) { return std::size_t(decltype(model)::parameters); });

    Error error; // no candidate has the size of the file: the message names both
    load_any<Sizes<Amp, 8, 16>>("twelve.safetensors", error);
    std::printf("%zu parameters; %s\n", parameters, error.message.c_str());
    return parameters == std::size_t(Model<Amp<12>>::parameters) && error ? 0 : 1;
}
