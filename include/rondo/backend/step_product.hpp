// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The per-step product with the same weights w, or w^T: packed once if there is more than one step.
///
/// Memory  the packed weights, in the operation's scratch.
template <class B, bool transposed>
class StepProduct {
    using S = typename B::scalar;

public:
    /// Declares and takes the memory for packed weights; null if they are not packed. `columns`: of the products.
    static S* take(Scratch<B>& scratch, const RowMajorView<const S>& weights, int steps, std::size_t columns) {
        if (weights.rows == 0) return nullptr;
        if (steps > 1) return scratch.take(B::prepared_size(weights.rows, weights.columns));
        if (transposed) scratch.product(weights.columns, columns, weights.rows);
        else scratch.product(weights.rows, columns, weights.columns);
        return nullptr;
    }
    /// `columns`: those that choose the kernel of weights that are not packed; 0: the operands'.
    static StepProduct make(B& backend, const RowMajorView<const S>& weights, S* memory, std::size_t columns) {
        StepProduct product{weights};
        product.columns_ = columns;
        if (!memory) return product;
        product.ready_ = true;
        if constexpr (transposed) product.prepared_ = backend.prepare_transposed(weights, memory);
        else product.prepared_ = backend.prepare(weights, memory);
        return product;
    }

    /// to += w from, or to += w^T from
    void add(B& backend,
             ColumnMajorView<S> to,                 // (M x N)
             ColumnMajorView<const S> from) const { // (K x N); w (M x K), or (K x M) if transposed
        [[maybe_unused]] const std::size_t columns = columns_ > 0 ? columns_ : from.columns;
        if (ready_) backend.multiply_add(to, prepared_, from);
        else if constexpr (ChoosesKernels<B> && transposed)
            backend.multiply_transposed_add(to, weights_, from, columns);
        else if constexpr (ChoosesKernels<B>) backend.multiply_add(to, weights_, from, columns);
        else if constexpr (transposed) backend.multiply_transposed_add(to, weights_, from);
        else backend.multiply_add(to, weights_, from);
    }

private:
    explicit StepProduct(const RowMajorView<const S>& weights) : weights_{weights} {}

    RowMajorView<const S> weights_;
    typename B::Prepared prepared_{};
    std::size_t columns_ = 0;
    bool ready_ = false;
};

} // namespace rondo
