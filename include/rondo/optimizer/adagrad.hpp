// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "concept.hpp"

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct AdagradElement {
    S* p;
    const S* g;
    S* square;
    S rate, initial, epsilon, decay;

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P old = L::load(p + k), gradient = L::load(g + k) + P(decay) * old;
        const P sum = L::load(square + k) + gradient * gradient;
        L::store(square + k, sum);
        L::store(p + k, old - P(rate) * gradient / (math::sqrt(sum + P(initial)) + P(epsilon)));
    }
};
}

/// Gradient descent whose rate is divided by the root of the sum of all squared gradients: parameters with rare
/// gradients, such as the rows of an embedding, keep a high rate. Weight decay, if not zero, is added to the gradient.
///
///   s += g^2                                                                  (1)
///   p -= rate / (1 + (t - 1) rate_decay) g / (sqrt(s + initial) + epsilon)    (2)
///
/// Units   rate in units of p a step; initial in units of g, squared; the other settings are dimensionless.
/// Source  Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR
///         12 (2011), in PyTorch's form.
struct Adagrad {
    double rate = 1e-2, rate_decay = 0, epsilon = 1e-10, weight_decay = 0, initial = 0;
    static constexpr const char* name = "Adagrad";
    static constexpr int memories = 1;
    bool operator==(const Adagrad&) const = default;

    Error problem() const {
        using detail::outside;
        constexpr double any = std::numeric_limits<double>::infinity();
        return detail::first_of(
            {outside("Adagrad: rate", rate, 0, any), outside("Adagrad: rate_decay", rate_decay, 0, any),
             outside("Adagrad: epsilon", epsilon, detail::least_epsilon, any),
             outside("Adagrad: weight_decay", weight_decay, 0, any), outside("Adagrad: initial", initial, 0, any)});
    }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        const double now = rate * u.factor / (1 + double(u.step - 1) * rate_decay);
        backend.elements(detail::AdagradElement<S>{u.parameters, u.gradient, u.memory[0], S(now), S(initial),
                                                   S(epsilon), S(weight_decay)},
                         u.size);
    }
};

} // namespace rondo
