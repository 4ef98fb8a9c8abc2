// SPDX-License-Identifier: MIT
#pragma once

#include "../core/tensor.hpp"
#include "../core/view.hpp"

#include <array>
#include <type_traits>

namespace rondo {

/// y = W x + b: an operation of the tape. Runs of columns keep out what padding holds and how much there is of it: zero
/// times a NaN is not zero, and a product's bits depend on its columns' number.
template <class S>
struct Affine {
    AnySequence<const S> x;
    AnySequence<S> y;
    Parameter<S> weight, bias;

    template <class Run>
    void forward(Run& run) const {
        run.backend().fill_columns(y.matrix(), bias.value);
        each_run(x.extent, [&](std::size_t first, std::size_t count) {
            run.backend().multiply_add(y.matrix(first, count), Weights<const S>{weight.value, y.rows, x.rows},
                                       x.matrix(first, count));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        each_run(x.extent, [&](std::size_t first, std::size_t count) {
            const Matrix<const S> dy = y.slopes(first, count);
            if (S* dW = run.gradient(weight)) {
                backend.add_outer({dW, y.rows, x.rows}, dy, x.matrix(first, count));
                backend.add_columns(run.gradient(bias), dy);
            }
            if (x.slope)
                backend.multiply_transposed_add(x.slopes(first, count),
                                                Weights<const S>{weight.value, y.rows, x.rows}, dy);
        });
    }
};

/// y = W x + b, at every step.
///
/// Shapes  x (In x T B) -> y (Out x T B); weight (Out x In), bias (Out).
template <int In, int Out>
    requires (In > 0) && (Out > 0)
struct Linear {
    static constexpr int input_size = In, output_size = Out;
    static constexpr auto tensors =
        place(std::array{Tensor{.name = "weight", .rows = Out, .columns = In, .fan = In},
                         Tensor{.name = "bias", .rows = Out, .role = Tensor::Role::bias, .fan = In, .rank = 1}});
    static constexpr Label describe() { return Label{"Linear "}.add(In).add(" -> ").add(Out); }

    template <class S>
    static auto forward(auto& run, const Sequence<S, In>& x) {
        const auto y = run.template make<Out>(x.extent);
        run.execute(Affine<std::remove_const_t<S>>{x, y, run.parameter(0), run.parameter(1)});
        return y;
    }
};

} // namespace rondo
