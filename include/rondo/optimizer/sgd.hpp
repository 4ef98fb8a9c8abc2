// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct SGDElement {
    S* p;
    const S* g;
    S* v;
    S rate, momentum, decay;
    bool nesterov;

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P w = L::load(p + k), gradient = L::load(g + k) + P(decay) * w;
        const P speed = P(momentum) * L::load(v + k) + gradient;
        L::store(v + k, speed);
        L::store(p + k, w - P(rate) * (nesterov ? gradient + P(momentum) * speed : speed));
    }
};
}

/// Stochastic gradient descent, with optional momentum and weight decay.
///
///   g' = g + decay p                                                          (1)
///   v = momentum v + g'                                                       (2)
///   p -= rate v, or with Nesterov's momentum rate (g' + momentum v)           (3)
///
/// Source  Sutskever, Martens, Dahl & Hinton, "On the importance of initialization and momentum in deep learning"
///         (2013), section 2, in PyTorch's form.
struct SGD {
    double rate = 1e-2, momentum = 0, weight_decay = 0;
    bool nesterov = false;
    static constexpr const char* name = "SGD";
    static constexpr int memories = 1;
    bool operator==(const SGD&) const = default;

    Error problem() const {
        return detail::first_of(
            {detail::outside("SGD: rate", rate, 0, std::numeric_limits<double>::infinity()),
             detail::outside("SGD: momentum", momentum, 0, 1),
             detail::outside("SGD: weight_decay", weight_decay, 0, std::numeric_limits<double>::infinity())});
    }
    template <class B, class S = typename B::scalar>
    void step(B& backend, const Update<S>& u) const {
        backend.elements(detail::SGDElement<S>{u.parameters, u.gradient, u.memory[0], S(rate * u.factor), S(momentum),
                                               S(weight_decay), nesterov},
                         u.size);
    }
};

} // namespace rondo
