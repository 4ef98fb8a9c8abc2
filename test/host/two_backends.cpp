// SPDX-License-Identifier: MIT
// Several backends in one program: the same parameters and the same numbers through each of them.
#include <rondo/stream.hpp>

#if __has_include(<thrust/version.h>)
#include <rondo/backend/thrust/backend.hpp>
#endif

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Net = rondo::Sequential<rondo::LSTM<1, 5>, rondo::Linear<5, 1>>;
constexpr int steps = 40;

template <rondo::Backend B>
rondo::Model<Net, B> model() {
    return rondo::Model<Net, B>{rondo::Seed{3}};
}

template <class S>
std::vector<S> inputs() {
    std::vector<S> x(steps);
    for (int k = 0; k < steps; ++k) x[std::size_t(k)] = S(std::sin(0.3 * k));
    return x;
}

template <class S>
std::vector<double> streamed() {
    using B = rondo::EigenBackend<S>;
    const rondo::Packed<Net, B> weights{model<B>()};
    rondo::Stream stream{weights};
    std::vector<S> y(steps);
    stream.process(inputs<S>(), y);
    return {y.begin(), y.end()};
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t k = 0; k < a.size(); ++k) worst = std::max(worst, std::abs(a[k] - b[k]));
    return worst;
}

#if __has_include(<thrust/version.h>)
std::vector<double> by_thrust() {
    using B = rondo::ThrustBackend<float>;
    B::buffer<float> x(steps);
    B::upload(x, inputs<float>().data(), steps);
    rondo::Workspace<Net, B> work;
    const auto y = work.forward(model<B>(), rondo::SequenceView<const float, 1>{B::data(x), nullptr, {steps, 1}});
    std::vector<float> host(steps);
    B::download(host.data(), y.value, steps);
    return {host.begin(), host.end()};
}
#endif

} // namespace

int main() {
    const auto narrow = streamed<float>(), wide = streamed<double>();
    double worst = difference(narrow, wide);
#if __has_include(<thrust/version.h>)
    worst = std::max(worst, difference(by_thrust(), wide));
    std::printf("Thrust in float, ");
#endif
    std::printf("Eigen in float and double: they differ by %g\n", worst);
    return worst > 0 && worst < 1e-5 && std::abs(wide.back()) > 0.01 ? 0 : 1;
}
