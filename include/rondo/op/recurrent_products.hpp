// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/step_product.hpp"
#include "../cell/gate_layout.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The rows of U in three parts, whose products have different operands: gates before the reset add U h to a(t), gates
/// after the reset add U q, split gates keep U h separate. At most one of the last two has rows.
///
/// Shapes  U (gates H x P), projection (P x H), P the units of h; without a projection P = H.
template <class C, int H, int P = H>
struct GateRows {
    using Gates = GateLayout<C>;
    static constexpr std::size_t all = std::size_t(Gates::gates) * H,
                                 before_reset = std::size_t(Gates::before_reset) * H,
                                 after_reset = std::size_t(Gates::after_reset) * H, merged = before_reset + after_reset,
                                 split = std::size_t(Gates::split) * H;

    template <class T> static RowMajorView<T> of(T* U) { return {U, all, P}; }
    template <class T> static RowMajorView<T> before_reset_of(T* U) { return of(U).from_row(0, before_reset); }
    template <class T> static RowMajorView<T> after_reset_of(T* U) { return of(U).from_row(before_reset, after_reset); }
    template <class T> static RowMajorView<T> split_of(T* U) { return of(U).from_row(merged, split); }
    template <class T> static RowMajorView<T> projection_of(T* W) { return {W, P < H ? std::size_t(P) : 0, H}; }
};

/// Memory for the packed parts of U and the packed projection; null if one is not packed.
template <class S>
struct RecurrentMemory {
    S *before_reset = nullptr, *after_reset = nullptr, *split = nullptr, *projection = nullptr;
};

/// The per-step products with the parts of U and with the projection, or with their transposes, packed once for all
/// steps.
///
/// Memory  the operation's scratch: see StepProduct.
template <class B, class C, int H, int P, bool transposed>
struct RecurrentProducts {
    using S = typename B::scalar;
    using Rows = GateRows<C, H, P>;
    using Product = StepProduct<B, transposed>;
    using Memory = RecurrentMemory<S>;

    Product before_reset, after_reset, split, projection;

    static Memory take(Scratch<B>& scratch, const CellParameters<S>& p, int steps, std::size_t columns) {
        const S* const U = p.recurrent_weight.value;
        return {Product::take(scratch, Rows::before_reset_of(U), steps, columns),
                Product::take(scratch, Rows::after_reset_of(U), steps, columns),
                Product::take(scratch, Rows::split_of(U), steps, columns),
                Product::take(scratch, Rows::projection_of(p.projection.value), steps, columns)};
    }
    static RecurrentProducts make(B& backend, const CellParameters<S>& p, const Memory& memory, std::size_t columns) {
        const S* const U = p.recurrent_weight.value;
        return {Product::make(backend, Rows::before_reset_of(U), memory.before_reset, columns),
                Product::make(backend, Rows::after_reset_of(U), memory.after_reset, columns),
                Product::make(backend, Rows::split_of(U), memory.split, columns),
                Product::make(backend, Rows::projection_of(p.projection.value), memory.projection, columns)};
    }
};

} // namespace rondo
