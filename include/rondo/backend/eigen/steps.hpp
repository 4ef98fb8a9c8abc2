// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/dot_product.hpp"
#include "cell_columns.hpp"
#include "cell_step.hpp"
#include "int8_calibration.hpp"
#include "int8_columns.hpp"
#include "int8_table.hpp"
#include "linear_columns.hpp"
#include "linear_step.hpp"
#include "linear_step_columns.hpp"
#include "projected_columns.hpp"
#include "projected_step.hpp"

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The step kernels of streams, with compile-time sizes and weights packed as W.
template <class Level, class W> struct NotingSteps;

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

/// The same with weights in int8. Matrices that int8::stored refuses, and the columns of a frame, are in float.
template <class Level>
struct Steps<float, Level, std::int8_t> {
    using scalar = float;
    using storage = std::int8_t;
    using in_float = Steps<float, Level, float>;
    template <int size> using pack_for = typename in_float::template pack_for<size>;
    template <int size> using dot_for = simd::DotProduct<pack_for<size>::size, Level>;

    template <class C, int In, int H, int P>
    using cell = std::conditional_t<
        P == H,
        std::conditional_t<C::shape.after_reset == 0, Int8CellStep<C, In, H, H, pack_for<H>, dot_for<H>>,
                           Int8ResetStep<C, In, H, pack_for<H>, dot_for<H>>>,
        Int8ProjectedStep<C, In, H, P, pack_for<H>, dot_for<H>, pack_for<P>, dot_for<P>>>;
    template <int In, int Out> using linear = Int8LinearOf<In, Out, pack_for<Out>, dot_for<Out>>;
    template <int rows, int Size>
        requires (int8::stored(rows, Size))
    using table = Int8Table<rows, Size>;
    template <class Step> using cell_of_streams = CellColumns<Step>;
    template <class Step> using linear_of_streams = LinearStepColumns<Step>;
    using columns = StreamColumns<float>;
    using const_columns = StreamColumns<const float>;
    using noting = NotingSteps<Level, std::int8_t>; // with the same packed weights
    template <int In, int Out> using linear_columns = typename in_float::template linear_columns<In, Out>;
};

/// Steps<float, Level, std::int8_t> whose kernels note the ranges of what they multiply.
template <class Level, class W>
struct NotingSteps : Steps<float, Level, W> {
    using Base = Steps<float, Level, W>;
    template <class C, int In, int H, int P> using cell = Int8ObservedStep<typename Base::template cell<C, In, H, P>>;
    template <int In, int Out> using linear = Int8ObservedStep<typename Base::template linear<In, Out>>;
};

/// The same with the weights of some layers in the scalar type.
template <class S, class Level, class W, Text... layers>
struct Steps<S, Level, Except<W, layers...>> : Steps<S, Level, W> {
    using in_scalars = Steps<S, Level, S>;
    using noting = NotingSteps<Level, Except<W, layers...>>;
    static constexpr bool keeps(std::string_view layer) { return ((layer == layers.view()) || ...); }
};

} // namespace rondo::eigen
