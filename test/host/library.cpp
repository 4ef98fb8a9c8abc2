// SPDX-License-Identifier: MIT
// Built twice into shared libraries of one process, for different processors and with different sizes.
#include "two_libraries.hpp"

#include <rondo/stream.hpp>

#include <span>

namespace {

template <int Size>
void run(const float* in, float* out, int count) {
    using namespace rondo;
    using Net = Sequential<LSTM<3, Size>, Linear<Size, 1>>;
    const Model<Net> model{Seed{7}};
    const Packed weights{model};
    Stream stream{weights};
    stream.process(std::span{in, std::size_t(3 * count)}, std::span{out, std::size_t(count)});
}

} // namespace

extern "C" Library library();
Library library() { return {rondo::simd::Native::name.data(), HOST_SIZE, run<HOST_SIZE>, run<20>}; }
