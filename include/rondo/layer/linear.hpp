// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../backend/scratch.hpp"
#include "../graph/layer_layout.hpp"

#include <array>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// y = W x + b, or W x: an operation of a program. Runs of columns keep out what padding holds and how much there is of
/// it: zero times a NaN is not zero, and a product's bits depend on its columns' number. On a device a product a run is
/// too much: there padding is made zero where it would be added up.
template <class S>
struct Affine {
    DynamicSequenceView<const S> x;
    DynamicSequenceView<S> y;
    Parameter<S> weight, bias; // a bias of no value: none

    template <class Run>
    void forward(Run& run) const {
        if (bias.value) run.backend().fill_columns(y.matrix(), bias.value);
        else run.backend().fill(y.value, y.size(), S(0));
        const auto part = [&](std::size_t first, std::size_t count) {
            run.backend().multiply_add(y.matrix(first, count), W(), x.matrix(first, count));
        };
        if constexpr (Run::whole) part(0, x.columns());
        else for_each_valid_range(x.extent, part);
    }
    template <class B>
    void forward_scratch(Scratch<B>& scratch) const {
        scratch.product(y.rows, x.columns(), x.rows);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths;
            S *dy, *x;
        } all{};
        if constexpr (Asynchronous<B>)
            if (x.extent.lengths)
                all = {scratch.take_lengths(x.extent), scratch.take(y.size()), scratch.take(x.size())};
        scratch.product(x.rows, y.rows, x.columns());
        scratch.product(x.rows, x.columns(), y.rows);
        return all;
    }
    template <class Run>
    void backward(Run& run) const {
        if constexpr (Run::whole) {
            auto scratch = run.scratch();
            const auto room = backward_scratch(scratch);
            const int* until = run.lengths(x.extent, room.lengths);
            add_gradients(run, 0, run.active(y.gradients(), x.extent, until, room.dy),
                       run.active(x.matrix(), x.extent, until, room.x));
        } else {
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                add_gradients(run, first, y.gradients(first, count), x.matrix(first, count));
            });
        }
    }

private:
    RowMajorView<const S> W() const { return {weight.value, y.rows, x.rows}; }

    template <class Run>
    void add_gradients(Run& run, std::size_t first, ColumnMajorView<const S> dy, ColumnMajorView<const S> in) const {
        auto& backend = run.backend();
        if (S* dW = run.gradient(weight)) {
            backend.add_outer({dW, y.rows, x.rows}, dy, in);
            if (bias.value) backend.add_columns(run.gradient(bias), dy);
        }
        if (x.gradient) backend.multiply_transposed_add(x.gradients(first, dy.columns), W(), dy);
    }
};

namespace detail {
template <int In, int Out, bool bias>
struct LinearLayer {
    static constexpr LayerKind kind = LayerKind::Linear;
    static constexpr int input_size = In, output_size = Out;
    static constexpr auto tensors = [] {
        std::array<ParameterSpec, bias ? 2 : 1> all{ParameterSpec{.name = "weight", .rows = Out, .columns = In, .fan = In}};
        if constexpr (bias)
            all[1] = ParameterSpec{.name = "bias", .rows = Out, .role = ParameterSpec::Role::bias, .fan = In, .rank = 1};
        return assign_offsets(all);
    }();
    static constexpr Label describe() {
        return Label{"Linear "}.add(In).add(" -> ").add(Out).add(bias ? "" : ", no bias");
    }

    template <class K> static constexpr std::size_t packed_size = K::template linear<In, Out>::size;
    template <class K>
    static void pack(const auto& tensor, std::byte* to) {
        K::template linear<In, Out>::template pack<bias>(tensor, to);
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x) {
        const auto y = run.template make<Out>(x.extent);
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        if constexpr (Run::packed) {
            if constexpr (!Run::dry())
                Run::kernels::template linear<In, Out>::step(run.weights(), x.value, y.value);
        } else {
            Parameter<Scalar> b;
            if constexpr (bias) b = run.parameter(1);
            run.execute(Affine<Scalar>{x, y, run.parameter(0), b});
        }
        return y;
    }
};
}

/// y = W x + b, at every step.
///
/// Shapes  x (In x T B) -> y (Out x T B); weight (Out x In), bias (Out).
template <int In, int Out>
    requires (In > 0) && (Out > 0)
struct Linear : detail::LinearLayer<In, Out, true> {};
/// y = W x
template <int In, int Out>
    requires (In > 0) && (Out > 0)
struct LinearWithoutBias : detail::LinearLayer<In, Out, false> {};

} // namespace rondo
