// SPDX-License-Identifier: MIT
// A custom loss, Huber's: quadratic near the target and linear beyond, so that outliers have less influence.
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

// f(e) = e^2 / 2 for |e| <= delta, delta (|e| - delta / 2) beyond, e = y - target
struct Huber : ElementwiseLoss<Huber> {
    explicit Huber(double of) : delta{of} {}

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S e = y - target, d = S(delta), most = std::abs(e) <= d ? e : std::copysign(d, e); // df/dy
        loss += scale * most * (e - most / 2);
        if (gradient) *gradient += scale * most;
    }
    double delta;
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
    const double squared = learnt(MeanSquaredError{}), huber = learnt(Huber{0.5});
    std::printf("slope 2, learnt as %g by the mean square, as %g by Huber's loss\n", squared, huber);
    return std::abs(huber - 2) < std::abs(squared - 2) / 4 ? 0 : 1;
}
