// SPDX-License-Identifier: MIT
#pragma once

#include "cell_step.hpp"
#include "linear_step.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// One step of one sequence through a cell whose h is projected: h = V m, with the h of CellStep as m.
///
/// Shapes  V (Out x H), state: h (padded(Out)), then the other components (padded(H) each); packed: `size` bytes.
template <class C, int In, int H, int Out, class P, class PackOfOut, class W>
struct ProjectedStep {
    using S = typename P::scalar;
    using Cell = CellStep<C, In, H, Out, P, W>;
    using Projection = LinearStep<H, Out, PackOfOut, W>;
    static constexpr std::size_t cell_size = (Cell::size + 63) / 64 * 64,
                                 size = cell_size + (Projection::size + 63) / 64 * 64;

    /// tensor(k) in PyTorch's order: W, U, b, c, per-unit parameters, V.
    template <bool bias = true, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        Cell::template pack<bias>(tensor, to);
        Projection::template pack<false>([&](std::size_t) { return tensor(GateLayout<C>::projection(bias)); },
                                         to + cell_size);
    }

    /// Updates state in place. For `back` see CellStep.
#if defined(__clang__) && defined(__x86_64__)
    [[gnu::force_align_arg_pointer]] // clang then aligns spilled packs
#endif
    [[gnu::noinline, gnu::flatten]] static void step(const std::byte* packed, const S* x, S* state, bool back) {
        alignas(64) S m[padded(H)];
        Cell::step_to(m, packed, x, state, back);
        Projection::step(packed + cell_size, m, state);
        for (std::size_t k = 0; k < padded(Out); k += std::size_t(PackOfOut::size))
            without_denormals(PackOfOut::load(state + k)).store(state + k);
    }
};

} // namespace rondo::eigen
