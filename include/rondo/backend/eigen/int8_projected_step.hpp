// SPDX-License-Identifier: MIT
#pragma once

#include "int8_linear_step.hpp"
#include "linear_step.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The kernel of a linear map: in int8, or in float if the matrix is too small.
template <int In, int Out, class P, class Dot>
using Int8LinearOf =
    typename std::conditional_t<int8::stored(Out, In), std::type_identity<Int8LinearStep<In, Out, P, Dot>>,
                                std::type_identity<LinearStep<In, Out, P, float>>>::type;

/// ProjectedStep with weights in int8. m = o tanh(c) has a fixed range, h that of each step.
template <class C, int In, int H, int Out, class P, class Dot, class PackOfOut, class DotOfOut>
struct Int8ProjectedStep {
    using S = float;
    using Cell = Int8CellStep<C, In, H, Out, P, Dot>;
    using Projection = Int8LinearOf<H, Out, PackOfOut, DotOfOut>;
    static constexpr bool int8_input = Cell::int8_input, int8_state = Cell::int8_state;
    static constexpr bool int8_projection = int8::stored(Out, H);
    static constexpr std::size_t cell_size = (Cell::size + 63) / 64 * 64,
                                 size = cell_size + (Projection::size + 63) / 64 * 64;

    /// tensor(k) in PyTorch's order: W, U, b, c, per-unit parameters, V.
    template <bool bias = true, class Tensors>
    static void pack(const Tensors& tensor, std::byte* to) {
        Cell::template pack<bias>(tensor, to);
        const auto projection = [&](std::size_t) { return tensor(GateLayout<C>::projection(bias)); };
        if constexpr (int8_projection)
            Projection::template pack<false>(projection, to + cell_size, C::shape.bounded ? 1.f : 0.f);
        else Projection::template pack<false>(projection, to + cell_size);
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
