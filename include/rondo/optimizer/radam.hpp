// SPDX-License-Identifier: MIT
#pragma once

#include "adam.hpp"

#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct RAdamElement {
    S* p;
    const S* g;
    AdamMoments<S> moments;
    S rate, epsilon, decay;
    bool adaptive;

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P old = L::load(p + k), gradient = L::load(g + k) + P(decay) * old;
        const auto [m, v] = moments.template update<L>(k, gradient);
        L::store(p + k, old - P(rate) * (adaptive ? m / (math::sqrt(v) + P(epsilon)) : m));
    }
};
}

/// Adam whose rate is rectified for the variance of its second moment, and not adaptive in the first steps: no warm-up
/// is needed. Weight decay, if not zero, is added to the gradient.
///
///   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2                          (1)
///   n = 2 / (1 - b2) - 1,   k = n - 2 t b2^t / (1 - b2^t)                     (2)
///   r = sqrt((k - 4) (k - 2) n / ((n - 4) (n - 2) k))                         (3)
///   p -= rate m / (1 - b1^t) (k > 5: r sqrt(1 - b2^t) / (sqrt(v) + epsilon); else: 1)    (4)
///
/// Units   rate in units of p a step; the other settings are dimensionless.
/// Source  Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, arXiv:1908.03265, in
///         PyTorch's form.
struct RAdam {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    static constexpr const char* name = "RAdam";
    static constexpr int memories = 2;
    bool operator==(const RAdam&) const = default;

    Error problem() const { return detail::adam_problem("RAdam", *this); }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        const double t = double(u.step), power = std::pow(beta2, t), n = 2 / (1 - beta2) - 1,
                     k = n - 2 * t * power / (1 - power);
        const bool adaptive = k > 5;
        double now = rate * u.factor / (1 - std::pow(beta1, t));
        if (adaptive) now *= std::sqrt((k - 4) * (k - 2) * n / ((n - 4) * (n - 2) * k)) * std::sqrt(1 - power);
        backend.elements(detail::RAdamElement<S>{u.parameters, u.gradient, detail::AdamMoments<S>{*this, u}, S(now),
                                                 S(epsilon), S(weight_decay), adaptive},
                         u.size);
    }
};

} // namespace rondo
