// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "../simd/exp_column.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"
#include "convolution_windows.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The windows of a pool, whose padding is no steps of zeros but no steps at all.
template <class S>
struct PooledWindows : WindowsOfGroup<S> {
    const S* x;  // (rows x T B)
    S *y, *kept; // (rows x T' B); null, or what the gradient reads
    bool count_include_pad = true;

    /// The step that tap k of an output column reads; null: padding.
    RONDO_HOST_DEVICE const S* read(std::size_t n, int k) const {
        const std::size_t b = n % this->batch;
        const int left = this->plan.left, position = this->plan.position(int(n / this->batch), k);
        if (this->state && position < left && this->history(b).filled() < std::size_t(left - position)) return nullptr;
        return this->step(x, position, b);
    }
    /// Whether an output column is within its sequence.
    RONDO_HOST_DEVICE bool valid(std::size_t n) const {
        return int(n / this->batch) < this->plan.steps(this->length(n % this->batch));
    }
};
/// y = the maximum of a window, and in `kept` (rows x T' B) its tap: of equal ones the first, as in PyTorch the last of
/// NaN. minus infinity of a window of padding.
template <class S>
struct MaximumOfWindow : PooledWindows<S> {
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t size = this->rows;
        S *const to = this->y + n * size, *const taps = this->kept ? this->kept + n * size : nullptr;
        const bool valid = this->valid(n);
        for (std::size_t r = 0; r < size; ++r) to[r] = valid ? minus_infinity<S> : S(0);
        for (std::size_t r = 0; taps && r < size; ++r) taps[r] = S(0);
        bool any = false;
        for (int k = 0; valid && k < this->plan.kernel; ++k) {
            const S* const step = this->read(n, k);
            if (!step) continue;
            for_each_pack<P>(size, [&](PartialPack<P> part, std::size_t r) {
                const P next = part.load(step + r), most = any ? part.load(to + r) : next;
                part.store(to + r, math::select(next > most, next, math::select(next <= next, most, next)));
                if (!taps) return;
                const P tap = P(S(k)), before = any ? part.load(taps + r) : tap;
                part.store(taps + r, math::select(next > most, tap, math::select(next <= next, before, tap)));
            });
            any = true;
        }
    }
};
/// y = the mean of a window, and in `kept` (T' B) the factor of its steps, unless padding counts.
template <class S>
struct MeanOfWindow : PooledWindows<S> {
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t size = this->rows;
        S* const to = this->y + n * size;
        for (std::size_t r = 0; r < size; ++r) to[r] = S(0);
        int count = 0;
        for (int k = 0; k < this->plan.kernel; ++k) {
            const S* const step = this->read(n, k);
            if (!step) continue;
            ++count;
            for_each_pack<P>(size, [&](PartialPack<P> part, std::size_t r) {
                part.store(to + r, part.load(to + r) + part.load(step + r));
            });
        }
        if (this->count_include_pad) count = this->plan.kernel;
        const S factor = count > 0 ? S(1) / S(count) : S(0);
        if (this->kept) this->kept[n] = factor;
        for_each_pack<P>(
            size, [&](PartialPack<P> part, std::size_t r) { part.store(to + r, part.load(to + r) * P(factor)); });
    }
};
/// dx(t) += the gradients of the windows whose maximum, or part of whose mean, step t is.
template <class S, bool maximum>
struct WindowsOfStepGradient : WindowsOfGroup<S> {
    const S *dy, *kept; // (rows x T' B), of the forward
    S* dx;              // (rows x T B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = n % this->batch, size = this->rows;
        const int t = int(n / this->batch), length = this->length(b), outputs = this->plan.steps(length);
        if (t >= length) return;
        for (int k = 0; k < this->plan.kernel; ++k) {
            const int begin = t + this->plan.left - k * this->plan.dilation, output = begin / this->plan.stride;
            if (begin < 0) return;
            if (output >= outputs || begin % this->plan.stride != 0) continue;
            const std::size_t column = std::size_t(output) * this->batch + b;
            for_each_pack<P>(size, [&](PartialPack<P> part, std::size_t r) {
                P each = part.load(dy + column * size + r);
                if constexpr (maximum) {
                    const P tap = P(S(k)), zero(S(0)), of_maximum = part.load(kept + column * size + r);
                    each = math::select(of_maximum <= tap, math::select(tap <= of_maximum, each, zero), zero);
                } else {
                    each = each * P(kept ? kept[column] : S(1) / S(this->plan.kernel));
                }
                S* const to = dx + n * size + r;
                part.store(to, part.load(to) + each);
            });
        }
    }
};
}

/// The operation that reduces each window of the steps to its maximum or its mean.
///
/// Memory  what the gradient reads, `kept_size` numbers: the taps of the maxima, or the factors of means that leave
///         padding out.
template <class S, bool maximum>
struct WindowsPooling {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows x T' B)
    ConvolutionPlan plan;
    bool count_include_pad = true;       // in means
    S *kept = nullptr, *state = nullptr; // null in inference; ConvolutionHistory of each sequence, updated

    std::size_t kept_size() const { return maximum ? y.size() : y.columns(); }
    template <class Run>
    void forward(Run& run) const {
        auto scratch = run.scratch();
        const WindowsOfGroup<S> windows = of(run.readable_lengths(x.extent, forward_scratch(scratch)));
        const detail::PooledWindows<S> pooled{windows, x.value, y.value, kept, count_include_pad};
        if constexpr (maximum) run.backend().columns(detail::MaximumOfWindow<S>{pooled}, y.columns());
        else run.backend().columns(detail::MeanOfWindow<S>{pooled}, y.columns());
        if (state) run.backend().columns(AppendHistory<S>{windows, x.value}, std::size_t(x.extent.batch));
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        auto scratch = run.scratch();
        const WindowsOfGroup<S> windows = of(run.readable_lengths(x.extent, backward_scratch(scratch)));
        run.backend().columns(detail::WindowsOfStepGradient<S, maximum>{windows, y.gradient, kept, x.gradient},
                              x.columns());
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        int* lengths = nullptr;
        if constexpr (Asynchronous<B>) lengths = scratch.take_lengths(x.extent);
        return lengths;
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        return forward_scratch(scratch);
    }

private:
    WindowsOfGroup<S> of(const int* lengths) const {
        return {plan, lengths, x.extent.steps, x.rows, 0, x.rows, std::size_t(x.extent.batch), 0, state};
    }
};

} // namespace rondo
