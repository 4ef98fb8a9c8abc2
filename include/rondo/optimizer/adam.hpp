// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "concept.hpp"

#include <cmath>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The running means m of gradients and v of their squares.
template <class S>
struct AdamMoments {
    template <class P> struct At {
        P m, v;
    };

    S *mean, *square;
    S beta1, rest1, beta2, rest2; // rest: 1 - beta, rounded once

    template <class Settings>
    AdamMoments(const Settings& a, const Update<S>& u)
        : mean{u.memory[0]}, square{u.memory[1]}, beta1{S(a.beta1)}, rest1{S(1 - a.beta1)}, beta2{S(a.beta2)},
          rest2{S(1 - a.beta2)} {}

    template <class L, class P = typename L::P>
    RONDO_HOST_DEVICE At<P> update(std::size_t k, P gradient) const {
        const P m = P(beta1) * L::load(mean + k) + P(rest1) * gradient;
        const P v = P(beta2) * L::load(square + k) + P(rest2) * gradient * gradient;
        L::store(mean + k, m);
        L::store(square + k, v);
        return {m, v};
    }
};

template <class S>
struct AdamElement {
    S* p;
    const S* g;
    AdamMoments<S> moments;
    S rate, root2, epsilon, decay, kept; // root2: sqrt(1 - beta2^t); kept: the factor of p after decoupled decay

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P old = L::load(p + k), gradient = L::load(g + k) + P(decay) * old;
        const auto [m, v] = moments.template update<L>(k, gradient);
        L::store(p + k, P(kept) * old - P(rate) * m / (math::sqrt(v) / P(root2) + P(epsilon)));
    }
};

template <class B, class Settings, class S = typename B::scalar>
void adam_step(B& backend, const Settings& a, const Update<S>& u, double coupled, double decoupled) {
    const double rate = a.rate * u.factor, t = double(u.step);
    backend.elements(AdamElement<S>{u.parameters, u.gradient, AdamMoments<S>{a, u},
                                    S(rate / (1 - std::pow(a.beta1, t))), S(std::sqrt(1 - std::pow(a.beta2, t))),
                                    S(a.epsilon), S(coupled), S(1 - rate * decoupled)},
                     u.size);
}

template <class Settings>
Error adam_problem(const char* name, const Settings& a) {
    constexpr double any = std::numeric_limits<double>::infinity();
    const auto label = [name](const char* setting) { return std::string{name} + ": " + setting; };
    return first_of({outside(label("rate").c_str(), a.rate, 0, any), outside(label("beta1").c_str(), a.beta1, 0, 1),
                     outside(label("beta2").c_str(), a.beta2, 0, 1),
                     outside(label("epsilon").c_str(), a.epsilon, least_epsilon, any),
                     outside(label("weight_decay").c_str(), a.weight_decay, 0, any)});
}
}

/// Adam with bias correction; weight decay, if not zero, is added to the gradient.
///
///   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2                          (1)
///   p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)             (2)
///
/// Units   rate in units of p a step; the other settings are dimensionless.
/// Source  Kingma & Ba, "Adam", ICLR 2015, arXiv:1412.6980, algorithm 1.
struct Adam {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    static constexpr const char* name = "Adam";
    static constexpr int memories = 2;
    bool operator==(const Adam&) const = default;

    Error problem() const { return detail::adam_problem("Adam", *this); }
    template <class B>
    void step(B& backend, const Update<typename B::scalar>& u) const {
        detail::adam_step(backend, *this, u, weight_decay, 0);
    }
};

/// Adam with decoupled weight decay, which is applied to the parameters directly.
///
///   p -= rate decay p, then eq. (2) of Adam                                   (1)
///
/// Source  Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv:1711.05101, algorithm 2.
struct AdamW {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-2;
    static constexpr const char* name = "AdamW";
    static constexpr int memories = 2;
    bool operator==(const AdamW&) const = default;

    Error problem() const { return detail::adam_problem("AdamW", *this); }
    template <class B>
    void step(B& backend, const Update<typename B::scalar>& u) const {
        detail::adam_step(backend, *this, u, 0, weight_decay);
    }
};

} // namespace rondo
