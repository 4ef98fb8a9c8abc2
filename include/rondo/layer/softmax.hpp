// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/exp_column.hpp"
#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct SoftmaxValue {
    const S* x;
    S* y;
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        S* const to = y + column * rows;
        const P sum(exp_column<P>(x + column * rows, rows, [to](PartialPack<P> part, std::size_t k, P e) {
            part.store(to + k, e);
        }).sum);
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) { part.store(to + k, part.load(to + k) / sum); });
    }
};
template <class S>
struct SoftmaxGradient {
    const S *y, *dy;
    S* dx;
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t first = column * rows;
        P sum(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            sum = math::fma(part.load(y + first + k), part.load(dy + first + k), sum);
        });
        const P mean(math::sum(sum));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = first + k;
            part.store(dx + at, math::fma(part.load(y + at), part.load(dy + at) - mean, part.load(dx + at)));
        });
    }
};
}

/// Softmax of each column: an operation of a program.
template <class S>
struct SoftmaxOperation {
    DynamicSequenceView<const S> x;
    DynamicSequenceView<S> y;

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(detail::SoftmaxValue<S>{x.value, y.value, x.rows}, x.columns());
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            const std::size_t at = first * x.rows;
            run.backend().columns(detail::SoftmaxGradient<S>{y.value + at, y.gradient + at, x.gradient + at, x.rows}, count);
        });
    }
};

/// Probabilities over the features of each step.
///
///   y_k = exp(x_k - max x) / sum_j exp(x_j - max x)                           (1)
///
/// Shapes  x, y (Size x T B).
/// Units   y is in [0, 1] and sums to 1. For a loss use CrossEntropy on x itself, which is exact where y underflows.
template <int Size>
    requires (Size > 0)
struct Softmax {
    static constexpr LayerKind kind = LayerKind::Softmax;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"Softmax"}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(SoftmaxOperation<std::remove_const_t<S>>{x, y});
        return y;
    }
};

} // namespace rondo
