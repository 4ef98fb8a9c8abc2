// SPDX-License-Identifier: MIT
#pragma once

#include "cell_step.hpp"
#include "linear_step.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// What a stream's layers compute with: kernels of one step whose sizes the compiler knows, over weights packed as W.
template <class S, class Level, class W>
struct Steps {
    using scalar = S;
    using storage = W;
    static constexpr int widest = Eigen::internal::packet_traits<S>::size;
    template <int size> using pack_for = Pack<S, fitting_width<widest, size>(), Level>;

    /// A cell whose second product waits for the first has no kernel of one pass.
    template <class C, int In, int H>
        requires (C::shape.after_reset == 0)
    using cell = CellStep<C, In, H, pack_for<H>, W>;
    template <int In, int Out> using linear = LinearStep<In, Out, pack_for<Out>, W>;
};

} // namespace rondo::eigen
