// SPDX-License-Identifier: MIT
// A host without exceptions or RTTI, as firmware is: weights from a constexpr array, and from a file that may be bad.
#include <rondo/stream.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this host is to be built with -fno-exceptions -fno-rtti"
#endif

using Filter = rondo::Sequential<rondo::Named<"rec", rondo::RNN<1, 2>>, rondo::Named<"lin", rondo::Linear<2, 1>>>;

constexpr float weight_ih[]{0.5f, -1}, weight_hh[]{0.25f, -0.5f, 0.75f, 0.125f}, bias_ih[]{0.1f, -0.2f},
    bias_hh[]{0, 0.3f}, weight[]{2, -3}, bias[]{0.5f};

static void expect(bool good, const char* what) {
    if (good) return;
    std::printf("not so: %s\n", what);
    std::exit(1);
}

int main() {
    rondo::Model<Filter> model;
    const auto put = [](auto tensor, const float* values) {
        for (int k = 0; k < tensor.size(); ++k) tensor.data()[k] = values[k];
    };
    put(model.tensor<"rec.weight_ih_l0">(), weight_ih);
    put(model.tensor<"rec.weight_hh_l0">(), weight_hh);
    put(model.tensor<"rec.bias_ih_l0">(), bias_ih);
    put(model.tensor<"rec.bias_hh_l0">(), bias_hh);
    put(model.tensor<"lin.weight">(), weight);
    put(model.tensor<"lin.bias">(), bias);

    rondo::Error error;
    save(model, "filter.safetensors", error);
    expect(!error, "a model is written");
    rondo::Model<Filter> loaded;
    load(loaded, "filter.safetensors", error);
    expect(!error && loaded == model, "it is read again");
    load(loaded, "missing.safetensors", error);
    expect(error.kind == rondo::Error::Kind::file && loaded == model, "a file that is missing is told, not thrown");
    std::printf("%s\n", error.message.c_str());

    alignas(64) static std::byte memory[rondo::Packed<Filter>::size];
    const rondo::Packed<Filter> weights{loaded, memory};
    rondo::Stream stream{weights};
    double h0 = 0, h1 = 0; // the same by hand
    for (int k = 0; k < 20; ++k) {
        const float x = std::sin(float(k));
        const double a0 = 0.5 * double(x) + 0.25 * h0 - 0.5 * h1 + 0.1, a1 = -double(x) + 0.75 * h0 + 0.125 * h1 + 0.1;
        h0 = std::tanh(a0), h1 = std::tanh(a1);
        expect(std::abs(double(stream.step(x)[0]) - (2 * h0 - 3 * h1 + 0.5)) < 1e-5, "a step is what it is by hand");
    }
}
