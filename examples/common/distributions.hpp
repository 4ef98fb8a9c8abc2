// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>
#include <rondo/loss/student_t_nll.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace common {

/// Independent random numbers, one after the other.
class Draws {
public:
    explicit Draws(rondo::Seed seed) : draw_{seed, rondo::Purpose::user} {}

    double normal() { return draw_.normal(next_++, 1); }
    double uniform() { return double(draw_.wide(next_++, 2) >> 11) / 9007199254740992.0; }
    /// A gamma distribution of shape a >= 1 and scale 1.
    ///
    /// Source  Marsaglia & Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    double gamma(double a) {
        const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
        for (;;) {
            const double x = normal(), v = std::pow(1 + c * x, 3);
            if (v > 0 && std::log(1 - uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
        }
    }

private:
    rondo::RandomStream draw_;
    std::uint64_t next_ = 0;
};

/// Normal distributions by a mean and a log variance: the outputs of a network that GaussianNLL trains.
struct Gaussian {
    static constexpr int outputs = 2;
    static double sample(std::span<const float> y, Draws& draw) {
        return double(y[0]) + std::exp(double(y[1]) / 2) * draw.normal();
    }
};

/// Student's t distributions by location, log scale and the number of the degrees of freedom: those of StudentTNLL.
struct StudentT {
    static constexpr int outputs = 3;
    static double sample(std::span<const float> y, Draws& draw) {
        const double k = rondo::StudentTNLL::degrees(double(y[2]));
        return double(y[0]) + std::exp(double(y[1])) * draw.normal() / std::sqrt(draw.gamma(k / 2) * 2 / k);
    }
};

} // namespace common
