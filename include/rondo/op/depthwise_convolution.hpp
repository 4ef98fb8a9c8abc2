// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"
#include "convolution_windows.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Tap k of the weights (rows x Kernel) as a row of (Kernel x rows).
template <class S>
struct WeightByTap {
    const S* weight;
    S* to;
    std::size_t rows, kernel;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        for (std::size_t r = 0; r < rows; ++r) to[k * rows + r] = weight[r * kernel + k];
    }
};
/// The inverse, added.
template <class S>
struct WeightFromTaps {
    const S* from;
    S* weight;
    std::size_t rows, kernel;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t r) const {
        for (std::size_t k = 0; k < kernel; ++k) weight[r * kernel + k] += from[k * rows + r];
    }
};
/// Sums of products of taps with steps: `most` pairs of addresses at once, so that a pack of features stays in a
/// register.
template <class S>
struct TapSums {
    static constexpr int most = 32;
    const S *steps[most], *taps[most];
    int count = 0;

    /// Adds a pair; sums them up into `to` once there are `most`.
    template <class P>
    RONDO_HOST_DEVICE void add(const S* step, const S* tap, S* to, std::size_t rows) {
        steps[count] = step;
        taps[count++] = tap;
        if (count == most) finish<P>(to, rows);
    }
    template <class P>
    RONDO_HOST_DEVICE void finish(S* to, std::size_t rows) {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t r) {
            P sum = part.load(to + r);
            for (int k = 0; k < count; ++k) sum = math::fma(part.load(taps[k] + r), part.load(steps[k] + r), sum);
            part.store(to + r, sum);
        });
        count = 0;
    }
};
/// y(t) = b + sum_k w(k) x(step that tap k reads), feature by feature
template <class S>
struct DepthwiseColumn : WindowsOfGroup<S> {
    const S *x, *w, *bias; // (rows x T B), (Kernel x rows), (rows) or null
    S* y;                  // (rows x T' B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = n % this->batch, size = this->rows;
        const int begin = int(n / this->batch) * this->plan.stride;
        S* const to = y + n * size;
        for (std::size_t r = 0; r < size; ++r) to[r] = bias ? bias[r] : S(0);
        TapSums<S> sums;
        for (int k = 0; k < this->plan.kernel; ++k)
            if (const S* const step = this->step(x, begin + k * this->plan.dilation, b))
                sums.template add<P>(step, w + std::size_t(k) * size, to, size);
        sums.template finish<P>(to, size);
    }
};
/// dx(t) += the sum of w(k) dy(t') over all taps and output steps that read t
template <class S>
struct DepthwiseGradient : WindowsOfGroup<S> {
    const S *dy, *w; // (rows x T' B), (Kernel x rows)
    S* dx;           // (rows x T B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = n % this->batch;
        const int t = int(n / this->batch), length = this->length(b), left = this->plan.left;
        if (t >= length) return;
        TapSums<S> sums;
        add<P>(sums, t + left, n, b);
        if (this->plan.reflect) {
            if (t >= 1 && t <= left) add<P>(sums, left - t, n, b);
            if (t <= length - 2 && 2 * (length - 1) - t < length + this->plan.right)
                add<P>(sums, left + 2 * (length - 1) - t, n, b);
        }
        sums.template finish<P>(dx + n * this->rows, this->rows);
    }

private:
    template <class P>
    RONDO_HOST_DEVICE void add(TapSums<S>& sums, int position, std::size_t n, std::size_t b) const {
        const int outputs = this->plan.steps(this->length(b));
        for (int k = 0; k < this->plan.kernel; ++k) {
            const int begin = position - k * this->plan.dilation, t = begin / this->plan.stride;
            if (begin < 0) return;
            if (t < outputs && begin % this->plan.stride == 0)
                sums.template add<P>(dy + (std::size_t(t) * this->batch + b) * this->rows,
                                     w + std::size_t(k) * this->rows, dx + n * this->rows, this->rows);
        }
    }
};
/// dw(k) += the sum of dy(t') x(step that tap k reads) over the columns [first, end)
template <class S>
struct DepthwiseWeightGradient : WindowsOfGroup<S> {
    const S *x, *dy; // (rows x T B), (rows x T' B)
    S* dw;           // (Kernel x rows)
    std::size_t end;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        TapSums<S> sums;
        S* const to = dw + k * this->rows;
        for (std::size_t n = this->first; n < end; ++n) {
            const int begin = int(n / this->batch) * this->plan.stride;
            if (const S* const step = this->step(x, begin + int(k) * this->plan.dilation, n % this->batch))
                sums.template add<P>(step, dy + n * this->rows, to, this->rows);
        }
        sums.template finish<P>(to, this->rows);
    }
};
/// p = dy x(step that tap k reads), for each column
template <class S>
struct DepthwiseProduct : WindowsOfGroup<S> {
    const S *x, *dy; // (rows x T B), (rows x T' B)
    S* p;            // (rows x T' B)
    int k;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const int begin = int(n / this->batch) * this->plan.stride;
        const S* const step = this->step(x, begin + k * this->plan.dilation, n % this->batch);
        for (std::size_t r = 0; r < this->rows; ++r)
            p[n * this->rows + r] = step ? dy[n * this->rows + r] * step[r] : S(0);
    }
};
}

/// The weights and the bias of a depthwise convolution as a stream reads them.
template <class S, int Size, int Kernel>
struct DepthwiseKernel {
    static constexpr std::size_t first = padded(std::size_t(Size)),
                                 size = (first + std::size_t(Size) * Kernel) * sizeof(S);
    static const S* bias(const std::byte* packed) { return reinterpret_cast<const S*>(packed); }
    static const S* weights(const std::byte* packed) { return bias(packed) + first; }

    /// tensor(0) is the weight, tensor(1) the bias if there is one.
    template <bool has_bias>
    static void pack(const auto& tensor, std::byte* to) {
        S* const numbers = reinterpret_cast<S*>(to);
        const auto weight = tensor(0);
        for (std::size_t r = 0; r < std::size_t(Size); ++r) {
            numbers[r] = S(0);
            if constexpr (has_bias) numbers[r] = tensor(1)[r];
            for (std::size_t k = 0; k < std::size_t(Kernel); ++k)
                numbers[first + k * Size + r] = weight[r * Kernel + k];
        }
    }
};

/// The operation of a convolution whose groups have one input and one output: each feature by itself.
///
/// Memory  scratch: the weights in the order of the taps; on a device also a value of y's size.
template <class S>
struct DepthwiseConvolution {
    DynamicSequenceView<const S> x; // (Size x T B)
    DynamicSequenceView<S> y;       // (Size x T' B)
    Parameter<S> weight, bias;      // (Size x 1 x Kernel), (Size); a bias whose value is null: none
    ConvolutionPlan plan;
    S *state = nullptr, *before = nullptr; // ConvolutionHistory of each sequence, updated; its copy for the backward
    const S* by_tap = nullptr;             // the weights as (Kernel x Size), if there are any

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = forward_scratch(scratch);
        const int* lengths = input_lengths(run, room.lengths);
        backend.columns(detail::DepthwiseColumn<S>{steps(lengths, state), x.value, weights(backend, room.weight),
                                                   bias.value, y.value},
                        y.columns());
        if (!state) return;
        const std::size_t batch = std::size_t(x.extent.batch);
        if (before) backend.copy(before, state, ConvolutionHistory<S>::size(plan, x.rows) * batch);
        backend.columns(AppendHistory<S>{steps(lengths, state), x.value}, batch);
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths = nullptr;
            S* weight = nullptr;
        } room;
        if constexpr (Asynchronous<B>) room.lengths = scratch.take_lengths(x.extent);
        if (!by_tap) room.weight = scratch.take(weight_size());
        return room;
    }

    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const int* lengths = input_lengths(run, room.lengths);
        if (x.gradient)
            backend.columns(detail::DepthwiseGradient<S>{steps(lengths, nullptr), y.gradient,
                                                         weights(backend, room.weight), x.gradient},
                            x.columns());
        S *const dw = run.gradient(weight), *const db = bias.value ? run.gradient(bias) : nullptr;
        if (!dw) return;
        backend.fill(room.dw, weight_size(), S(0));
        if constexpr (Run::whole) {
            const int* output_lengths = run.lengths(y.extent, room.output_lengths);
            const auto dy = run.active(y.gradients(), y.extent, output_lengths, room.dy);
            for (int k = 0; k < plan.kernel; ++k) {
                backend.columns(detail::DepthwiseProduct<S>{steps(lengths, before), x.value, dy.data, room.products, k},
                                y.columns());
                backend.add_columns(room.dw + std::size_t(k) * y.rows,
                                    ColumnMajorView<const S>{room.products, y.rows, y.columns()});
            }
            if (db) backend.add_columns(db, dy);
        } else {
            const std::size_t some = (std::max)(std::size_t(1), 8192 / y.rows); // columns that fit into the L2 cache
            for_each_valid_range(y.extent, [&](std::size_t first, std::size_t count) {
                for (std::size_t from = first; from < first + count; from += some) {
                    detail::DepthwiseWeightGradient<S> part{steps(lengths, before), x.value, y.gradient, room.dw,
                                                            (std::min)(from + some, first + count)};
                    part.first = from;
                    backend.columns(part, std::size_t(plan.kernel));
                }
                if (db) backend.add_columns(db, y.gradients(first, count));
            });
        }
        backend.columns(detail::WeightFromTaps<S>{room.dw, dw, y.rows, std::size_t(plan.kernel)}, y.rows);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int *lengths = nullptr, *output_lengths = nullptr;
            S *weight, *dw, *products = nullptr, *dy = nullptr;
        } room;
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            room.output_lengths = scratch.take_lengths(y.extent);
            room.products = scratch.take(y.size());
            if (y.extent.lengths) room.dy = scratch.take(y.size());
        }
        room.weight = scratch.take(weight_size());
        room.dw = scratch.take(weight_size());
        return room;
    }

private:
    std::size_t weight_size() const { return y.rows * std::size_t(plan.kernel); }
    template <class Run>
    const int* input_lengths(Run& run, int* to) const {
        if constexpr (Run::whole) return run.lengths(x.extent, to);
        else return x.extent.lengths;
    }
    template <class B>
    const S* weights(B& backend, S* to) const {
        if (by_tap) return by_tap;
        const std::size_t kernel = std::size_t(plan.kernel);
        backend.columns(detail::WeightByTap<S>{weight.value, to, y.rows, kernel}, kernel);
        return to;
    }
    WindowsOfGroup<S> steps(const int* lengths, S* history) const {
        return {plan, lengths, x.extent.steps, x.rows, 0, x.rows, std::size_t(x.extent.batch), 0, history};
    }
};

} // namespace rondo
