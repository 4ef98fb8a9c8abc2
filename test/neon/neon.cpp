// SPDX-License-Identifier: MIT
// What depends on the processor's packs, built for another one and run by an emulator, without GoogleTest: functions,
// streams, sequences and their gradients.
#include <rondo/rondo.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;
static_assert(std::is_same_v<simd::Native, simd::NEON>);

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
    functions();
    networks<1>();
    networks<3>();
    networks<20>();
    networks<33>();
    return failed > 0;
}
