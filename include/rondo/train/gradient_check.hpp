// SPDX-License-Identifier: MIT
#pragma once

#include "../model/workspace.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The parameter with the largest difference between analytic and numeric gradient.
struct GradientCheck {
    double error = 0; // |analytic - numeric| / max(1, |analytic|, |numeric|)
    std::string tensor;
    std::size_t index = 0; // in the tensor, row-major
    double analytic = 0, numeric = 0;
};

/// Compares dL/d(parameters), parameter by parameter, with central differences of L.
///
///   dL/dp ~ (L(p + d) - L(p - d)) / (2 d)                                     (1)
///
/// `body(run)` is the argument of Workspace::train: it calls Net::forward and a loss, and returns the loss. With
/// dropout in `randomness` every evaluation draws the same masks.
///
/// Units   d as the parameters. Use double: in float, rounding hides all but gross errors.
template <class Net, Backend B, class Body>
GradientCheck gradient_check(const Model<Net, B>& model, Body&& body, const Randomness& randomness = {},
                             double d = 1e-5) {
    using S = typename B::scalar;
    Workspace<Net, B> work;
    Model<Net, B> gradient, moved;
    work.train(model, &gradient, nullptr, randomness, body);
    const auto gradients = gradient.values();
    auto values = model.values();
    const auto loss_with = [&](std::size_t k, double p) {
        const S old = std::exchange(values[k], S(p));
        moved.assign(values);
        values[k] = old;
        return double(work.record(moved, nullptr, randomness, body));
    };
    GradientCheck worst;
    for (const ParameterSpec& t : Net::tensors)
        for (std::size_t k = 0; k < t.size() && t.trained(); ++k) {
            const double p = double(values[t.offset + k]), analytic = double(gradients[t.offset + k]);
            const double numeric = (loss_with(t.offset + k, p + d) - loss_with(t.offset + k, p - d)) / (2 * d);
            const double error =
                std::abs(analytic - numeric) / (std::max)({1.0, std::abs(analytic), std::abs(numeric)});
            if (!(error <= worst.error) && !std::isnan(worst.error))
                worst = {error, std::string{t.name.view()}, k, analytic, numeric};
        }
    return worst;
}

} // namespace rondo
