// SPDX-License-Identifier: MIT
#pragma once

#include "cell_columns.hpp"
#include "cell_step.hpp"
#include "linear_columns.hpp"
#include "linear_step.hpp"
#include "linear_step_columns.hpp"
#include "projected_columns.hpp"
#include "projected_step.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The step kernels of streams, with compile-time sizes and weights packed as W.
template <class S, class Level, class W>
struct Steps {
    using scalar = S;
    using storage = W;
    static constexpr int widest = Eigen::internal::packet_traits<S>::size;
    template <int size> using pack_for = Pack<S, fitting_width<widest, size>(), Level>;

    /// Not for cells with gates after the reset, which need two passes.
    template <class C, int In, int H, int P>
        requires (C::shape.after_reset == 0)
    using cell = std::conditional_t<P == H, CellStep<C, In, H, H, pack_for<H>, W>,
                                    ProjectedStep<C, In, H, P, pack_for<H>, pack_for<P>, W>>;
    template <int In, int Out> using linear = LinearStep<In, Out, pack_for<Out>, W>;
    /// One step of several streams, with the weights of `Step`, a cell or a linear.
    template <class Step> using cell_of_streams = CellColumns<Step>;
    template <class Step> using linear_of_streams = LinearStepColumns<Step>;
    using columns = StreamColumns<S>;
    using const_columns = StreamColumns<const S>;
    template <int In, int Out> using linear_columns = LinearColumns<In, Out, pack_for<Out>, W>;
};

} // namespace rondo::eigen
