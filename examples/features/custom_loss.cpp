// SPDX-License-Identifier: MIT
// A custom loss, log cosh: quadratic near the target and linear beyond, so that outliers have less influence.
#include <rondo/data/samples.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/elementwise.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <cmath>
#include <cstdio>

using namespace rondo;

// f(e) = log cosh e, e = y - target: about e^2 / 2 for small errors, |e| - log 2 for large ones
struct LogCosh : ElementwiseLoss<LogCosh> {
    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S e = y - target;
        loss += scale * (std::abs(e) + std::log1p(std::exp(-2 * std::abs(e))) - S(0.6931471805599453));
        if (gradient) *gradient += scale * std::tanh(e);
    }
};

// The slope of y = 2 x, fitted by one weight to points of which every tenth is an outlier.
double learnt(const auto& loss) {
    using Net = Sequential<Named<"line", LinearWithoutBias<1, 1>>>;
    Samples<float, 1, float, 1> points{20, Samples<float, 1, float, 1>::Target::each_step};
    for (int k = 0; k < 100; ++k) {
        const float x = float(k % 21) / 10, y = k % 10 == 0 ? 2 * x + 30 : 2 * x;
        points.add({&x, 1}, {&y, 1});
    }
    Model<Net> model{Seed{1}};
    fit(model, points, loss, Adam{.rate = 5e-2}, {.epochs = 60});
    return double(model.template tensor<"line.weight">()(0, 0));
}

int main() {
    const double squared = learnt(MeanSquaredError{}), bounded = learnt(LogCosh{});
    std::printf("slope 2, learnt as %g by the mean square, as %g by log cosh\n", squared, bounded);
    return std::abs(bounded - 2) < std::abs(squared - 2) / 4 ? 0 : 1;
}
