// SPDX-License-Identifier: MIT
// What depends on the processor's packs, built for another one and run by an emulator, without GoogleTest: functions,
// sums of int8, streams, sequences and their gradients.
#include <rondo/rondo.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;
#if defined(__ARM_FEATURE_DOTPROD)
static_assert(std::is_same_v<simd::Native, simd::NEONDotProduct>);
#else
static_assert(std::is_same_v<simd::Native, simd::NEON>);
#endif

int failed = 0;
void expect(double difference, double bound, const char* what, int size) {
    const bool holds = difference <= bound;
    failed += !holds;
    std::printf("%s %s of %d: %g\n", holds ? "ok    " : "FAILED", what, size, difference);
}

template <class S>
std::vector<S> numbers(std::size_t count) {
    std::vector<S> all(count);
    const RandomStream draw{Seed{5}, Purpose::user};
    for (std::size_t k = 0; k < count; ++k) all[k] = S(draw.normal(k));
    return all;
}
template <class A, class B>
double difference(const A& a, const B& b) {
    double worst = a.size() == b.size() ? 0 : HUGE_VAL;
    for (std::size_t k = 0; k < a.size() && k < b.size(); ++k)
        if (const double d = std::abs(double(a[k]) - double(b[k])); !(d <= worst)) worst = d;
    return worst;
}

void functions() {
    using P = Pack<float>;
    double tanh = 0, sigmoid = 0, exp = 0;
    for (float x = -20; x < 20; x += 0.001f) {
        tanh = std::max(tanh, std::abs(double(math::greatest(math::tanh(P(x)))) - std::tanh(double(x))));
        const double right = 1 / (1 + std::exp(-double(x)));
        sigmoid = std::max(sigmoid, std::abs(double(math::greatest(math::sigmoid(P(x)))) - right));
        exp = std::max(exp, std::abs(double(math::greatest(math::exp(P(x)))) / std::exp(double(x)) - 1));
    }
    expect(tanh, 4e-7, "tanh, a pack", P::size);
    expect(sigmoid, 3e-7, "sigmoid, a pack", P::size);
    expect(exp, 4e-7, "exp, a pack", P::size);
}

/// The sums of products of int8 of two packs of rows, by Dot.
template <class Dot, int inner>
std::vector<std::int32_t> sums(const std::vector<float>& w, const std::vector<float>& x) {
    using Rows = eigen::Int8Rows<inner, Pack<float>, Dot>;
    alignas(64) std::byte packed[Rows::size(2)];
    Rows::pack(packed, w, 2, [](int i) { return i; });
    typename Rows::Vector vector;
    vector.set(x.data(), 2);
    typename Dot::sums all[2];
    Rows::template sums<2>(all, packed, vector);
    std::vector<std::int32_t> result(8);
    static_assert(sizeof all == 32);
    std::memcpy(result.data(), all, sizeof all);
    return result;
}
template <int inner>
void integers() {
    using Native = simd::DotProduct<4, simd::Native>;
    static_assert(std::is_same_v<Native, simd::DotProductNEON>);
    const auto w = numbers<float>(8 * inner), x = numbers<float>(inner);
    expect(difference(sums<Native, inner>(w, x), sums<simd::DotProductPlain<4>, inner>(w, x)), 0, "integers", inner);
    const std::vector<float> largest(8 * inner, -1), two(inner, 2);
    expect(difference(sums<Native, inner>(largest, two), std::vector<int>(8, -127 * 127 * inner)), 0, "largest", inner);
}

constexpr int steps = 20, batch = 3;

template <class Net, class S>
std::vector<S> gradient(const Model<Net, EigenBackend<S>>& model, const std::vector<S>& x) {
    Workspace<Net, EigenBackend<S>> work;
    Model<Net, EigenBackend<S>> gradients;
    const auto y = work.record(model, nullptr, {}, [&](auto& run) {
        return Net::forward(run, SequenceView<const S, Net::input_size>{x.data(), nullptr, {steps, batch}});
    });
    std::fill_n(y.gradient, y.size(), S(0.1));
    work.backward(&gradients);
    return gradients.values();
}

template <class Net, int size>
void network() {
    const Model<Net> model{Seed{3}};
    const auto x = numbers<float>(std::size_t(steps * batch * Net::input_size));
    Workspace<Net> work;
    const auto y = work.forward(model, SequenceView<const float, Net::input_size>{x.data(), nullptr, {steps, 1}});
    const Packed packed{model};
    Stream stream{packed};
    std::vector<float> streamed(y.size());
    stream.process({x.data(), std::size_t(steps * Net::input_size)}, streamed);
    expect(difference(streamed, std::vector<float>{y.value, y.value + y.size()}), 3e-5, "stream", size);

    const Packed<Net, EigenBackend<float>, std::int8_t> small_weights{model};
    Stream of_int8{small_weights};
    std::vector<float> rounded(y.size());
    of_int8.process({x.data(), std::size_t(steps * Net::input_size)}, rounded);
    expect(difference(rounded, streamed), 0.04, "stream of int8", size);

    const auto values = model.values();
    Model<Net, EigenBackend<double>> exact;
    exact.assign({values.begin(), values.end()});
    expect(difference(gradient<Net>(model, x), gradient<Net>(exact, {x.begin(), x.end()})), 1e-4, "gradient", size);
}

template <int size>
void networks() {
    network<Sequential<LSTM<3, size>, GRU<size, size>, RNN<size, 5>, Linear<5, 2>>, size>();
}

} // namespace

int main() {
    integers<5>();
    integers<20>();
    integers<33>();
    integers<1024>();
#ifndef RONDO_TEST_INTEGERS_ONLY
    functions();
    networks<1>();
    networks<3>();
    networks<20>();
    networks<33>();
#endif
    return failed > 0;
}
