// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "concept.hpp"

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct RMSpropElement {
    S* p;
    const S* g;
    S *square, *mean, *v;
    S rate, smoothing, rest, epsilon, momentum, decay; // rest: 1 - smoothing, rounded once
    bool centered;

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P w = L::load(p + k), gradient = L::load(g + k) + P(decay) * w;
        const P s = P(smoothing) * L::load(square + k) + P(rest) * gradient * gradient;
        L::store(square + k, s);
        P variance = s;
        if (centered) {
            const P m = P(smoothing) * L::load(mean + k) + P(rest) * gradient;
            L::store(mean + k, m);
            variance = (math::max)(P(S(0)), s - m * m); // rounding may make it negative
        }
        const P speed = P(momentum) * L::load(v + k) + gradient / (math::sqrt(variance) + P(epsilon));
        L::store(v + k, speed);
        L::store(p + k, w - P(rate) * speed);
    }
};
}

/// Gradient descent whose rate is divided by a running root mean square of the gradient.
///
///   s = smoothing s + (1 - smoothing) g^2;  centered: s - m^2, m the running mean, takes its place in (2)    (1)
///   v = momentum v + g / (sqrt(s) + epsilon)                                  (2)
///   p -= rate v                                                               (3)
///
/// Source  Tieleman & Hinton, "Lecture 6.5 - rmsprop", Coursera (2012); centered: Graves (2013), arXiv:1308.0850,
///         section 4.2; in PyTorch's form.
struct RMSprop {
    double rate = 1e-2, smoothing = 0.99, epsilon = 1e-8, momentum = 0, weight_decay = 0;
    bool centered = false;
    static constexpr const char* name = "RMSprop";
    static constexpr int memories = 3;
    bool operator==(const RMSprop&) const = default;

    Error problem() const {
        using detail::outside;
        constexpr double any = std::numeric_limits<double>::infinity();
        return detail::first_of({outside("RMSprop: rate", rate, 0, any), outside("RMSprop: smoothing", smoothing, 0, 1),
                                 outside("RMSprop: epsilon", epsilon, detail::least_epsilon, any),
                                 outside("RMSprop: momentum", momentum, 0, 1),
                                 outside("RMSprop: weight_decay", weight_decay, 0, any)});
    }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        backend.elements(detail::RMSpropElement<S>{u.parameters, u.gradient, u.memory[0], u.memory[1], u.memory[2],
                                                   S(rate * u.factor), S(smoothing), S(1 - smoothing), S(epsilon),
                                                   S(momentum), S(weight_decay), centered},
                         u.size);
    }
};

} // namespace rondo
