// SPDX-License-Identifier: MIT
#pragma once

#include "adam.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct NAdamElement {
    S* p;
    const S* g;
    AdamMoments<S> moments;
    S of_gradient, of_mean, root2, epsilon, decay; // root2: sqrt(1 - beta2^t)

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P old = L::load(p + k), gradient = L::load(g + k) + P(decay) * old;
        const auto [m, v] = moments.template update<L>(k, gradient);
        const P speed = P(of_gradient) * gradient + P(of_mean) * m;
        L::store(p + k, old - speed / (math::sqrt(v) / P(root2) + P(epsilon)));
    }
};
}

/// Adam with Nesterov's momentum, of which the decay is lower in the first steps. Weight decay, if not zero, is added
/// to the gradient.
///
///   u(t) = b1 (1 - 0.96^(t momentum_decay) / 2),   U(t) = u(1) ... u(t)       (1)
///   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2                          (2)
///   p -= rate ((1 - u(t)) / (1 - U(t)) g + u(t + 1) / (1 - U(t + 1)) m) / (sqrt(v / (1 - b2^t)) + epsilon)    (3)
///
/// Units   rate in units of p a step; the other settings are dimensionless.
/// Source  Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop, in PyTorch's form.
struct NAdam {
    double rate = 2e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0, momentum_decay = 4e-3;
    static constexpr const char* name = "NAdam";
    static constexpr int memories = 2;
    bool operator==(const NAdam&) const = default;

    Error problem() const {
        if (Error found = detail::adam_problem("NAdam", *this)) return found;
        return detail::outside("NAdam: momentum_decay", momentum_decay, 0, std::numeric_limits<double>::infinity());
    }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        // U from the number of the step, so that a checkpoint need not save it; factors after it is 0 change nothing.
        const double decay = std::pow(0.96, momentum_decay);
        double product = 1, power = 1;
        for (std::int64_t t = 1; t <= u.step && product > 1e-20; ++t) product *= beta1 * (1 - (power *= decay) / 2);
        const double now = beta1 * (1 - std::pow(decay, double(u.step)) / 2);
        const double next = beta1 * (1 - std::pow(decay, double(u.step + 1)) / 2), r = rate * u.factor,
                     t = double(u.step);
        backend.elements(detail::NAdamElement<S>{u.parameters, u.gradient, detail::AdamMoments<S>{*this, u},
                                                 S(r * (1 - now) / (1 - product)), S(r * next / (1 - product * next)),
                                                 S(std::sqrt(1 - std::pow(beta2, t))), S(epsilon), S(weight_decay)},
                         u.size);
    }
};

} // namespace rondo
