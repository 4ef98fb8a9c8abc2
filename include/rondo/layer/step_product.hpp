// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline v0_1 {

/// The same weights, or what they are transposed, in a product at each of some steps: prepared where there is more than
/// one.
///
/// Memory  what the backend prepares them in, of the run.
template <class B, bool transposed>
class StepProduct {
    using S = typename B::scalar;

public:
    template <class Run>
    static StepProduct make(Run& run, const Weights<const S>& weights, int steps) {
        StepProduct product{weights};
        if (weights.rows == 0 || steps <= 1) return product;
        S* memory = run.take(B::prepared_size(weights.rows, weights.columns));
        product.ready_ = true;
        if constexpr (transposed) product.prepared_ = run.backend().prepare_transposed(weights, memory);
        else product.prepared_ = run.backend().prepare(weights, memory);
        return product;
    }

    /// to += w from
    void add(B& backend, Matrix<S> to, Matrix<const S> from) const {
        if (ready_) backend.multiply_add(to, prepared_, from);
        else if constexpr (transposed) backend.multiply_transposed_add(to, weights_, from);
        else backend.multiply_add(to, weights_, from);
    }

private:
    explicit StepProduct(const Weights<const S>& weights) : weights_{weights} {}

    Weights<const S> weights_;
    typename B::Prepared prepared_{};
    bool ready_ = false;
};

} // namespace rondo
