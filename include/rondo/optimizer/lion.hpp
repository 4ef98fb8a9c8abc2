// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "concept.hpp"

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct LionElement {
    S* p;
    const S* g;
    S* mean;
    S rate, beta1, rest1, beta2, rest2; // rest: 1 - beta, rounded once
    S kept;                             // the factor of p after decay

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P gradient = L::load(g + k), m = L::load(mean + k), zero(S(0));
        const P u = P(beta1) * m + P(rest1) * gradient;
        const P sign = math::select(u <= zero, math::select(zero <= u, zero, P(S(-1))), P(S(1)));
        L::store(mean + k, P(beta2) * m + P(rest2) * gradient);
        L::store(p + k, P(kept) * L::load(p + k) - P(rate) * sign);
    }
};
}

/// Steps of one size: the sign of a running mean of gradients, with decoupled weight decay. Its rate is 3 to 10 times
/// lower than Adam's, its decay as many times higher.
///
///   p -= rate (sign(b1 m + (1 - b1) g) + decay p)                             (1)
///   m = b2 m + (1 - b2) g                                                     (2)
///
/// Units   rate in units of p a step; the other settings are dimensionless.
/// Source  Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, arXiv:2302.06675, algorithm 2.
struct Lion {
    double rate = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;
    static constexpr const char* name = "Lion";
    static constexpr int memories = 1;
    bool operator==(const Lion&) const = default;

    Error problem() const {
        using detail::outside;
        constexpr double any = std::numeric_limits<double>::infinity();
        return detail::first_of({outside("Lion: rate", rate, 0, any), outside("Lion: beta1", beta1, 0, 1),
                                 outside("Lion: beta2", beta2, 0, 1),
                                 outside("Lion: weight_decay", weight_decay, 0, any)});
    }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        const double now = rate * u.factor;
        backend.elements(detail::LionElement<S>{u.parameters, u.gradient, u.memory[0], S(now), S(beta1), S(1 - beta1),
                                                S(beta2), S(1 - beta2), S(1 - now * weight_decay)},
                         u.size);
    }
};

} // namespace rondo
