// SPDX-License-Identifier: MIT
// The program that is built by CMake, by Meson and by a plain compiler, without warnings. It loads weights from a file
// and processes sound in blocks.
#include <rondo/stream.hpp>

#include <cmath>
#include <cstdio>
#include <span>
#include <vector>

using Pedal = rondo::Sequential<rondo::Named<"rec", rondo::LSTM<1, 8>>, rondo::Named<"lin", rondo::Linear<8, 1>>>;

int main() {
    const rondo::Model<Pedal> trained{rondo::Seed{1}};
    save(trained, "pedal.safetensors");
    rondo::Model<Pedal> model;
    load(model, "pedal.safetensors");

    const rondo::Packed weights{model};
    rondo::Stream stream{weights};
    constexpr std::size_t block = 64, count = 5 * block;
    std::vector<float> in(count), out(count);
    for (std::size_t k = 0; k < count; ++k) in[k] = std::sin(0.1f * float(k));
    for (std::size_t k = 0; k < count; k += block)
        stream.process(std::span{in}.subspan(k, block), std::span{out}.subspan(k, block));

    rondo::Workspace<Pedal> work;
    const auto whole = work.forward(trained, rondo::SequenceView<const float, 1>{in.data(), nullptr, {int(count), 1}});
    float worst = 0, energy = 0;
    for (std::size_t k = 0; k < count; ++k) {
        worst = std::max(worst, std::abs(out[k] - whole.value[k]));
        energy += out[k] * out[k];
    }
    std::printf("rondo %d.%d.%d: %zu samples, energy %g, block by block and at once differ by %g\n",
                RONDO_VERSION_MAJOR, RONDO_VERSION_MINOR, RONDO_VERSION_PATCH, count, double(energy), double(worst));
    return worst < 1e-5f && energy > 0.1f ? 0 : 1;
}
