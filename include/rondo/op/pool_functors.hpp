// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/exp_column.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"
#include "convolution_windows.hpp"

#include <cstddef>

// The functors of pools over windows of the steps.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The windows of a pool, whose padding is no steps of zeros but no steps at all.
template <class S>
struct PooledWindows : WindowsOfGroup<S> {
    const S* x;  // (rows x T B)
    S *y, *kept; // (rows x T' B); null, or what the gradient reads
    bool count_include_pad = true;

    /// Calls f(k, step) for each tap k of an output column that reads a step, not padding.
    template <class F>
    RONDO_HOST_DEVICE void each_step(std::size_t n, const F& f) const {
        const std::size_t b = n % this->batch;
        const int left = this->plan.left;
        int position = int(n / this->batch) * this->plan.stride;
        for (int k = 0; k < this->plan.kernel; ++k, position += this->plan.dilation) {
            const bool before = this->state && position < left;
            if (before && this->history(b).filled() < std::size_t(left - position)) continue;
            if (const S* const step = this->step(x, position, b)) f(k, step);
        }
    }
    /// Whether an output column is within its sequence.
    RONDO_HOST_DEVICE bool valid(std::size_t n) const {
        return int(n / this->batch) < this->plan.steps(this->length(n % this->batch));
    }
};
/// The maxima of steps, `most` of them at once, so that a pack of features stays in a register: to[r], and in taps[r],
/// unless it is null, the tap that has it. Of equal ones this is the first, as in PyTorch the last of NaN.
template <class S>
struct StepMaxima {
    static constexpr int most = 8;
    S *to, *taps; // (rows)
    std::size_t rows;
    bool any = false; // whether there are maxima of steps before
    int count = 0;
    int tap[most]{};
    const S* steps[most]{};

    template <class P>
    RONDO_HOST_DEVICE void add(int k, const S* step) {
        tap[count] = k;
        steps[count++] = step;
        if (count == most) finish<P>();
    }
    template <class P>
    RONDO_HOST_DEVICE void finish() {
        if (count == 0) return;
        if (taps) run<P, true>();
        else run<P, false>();
        any = true;
        count = 0;
    }

private:
    template <class P, bool with_taps>
    RONDO_HOST_DEVICE void run() {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t r) {
            P maximum = part.load(any ? to + r : steps[0] + r), first = P(S(tap[0]));
            if constexpr (with_taps)
                if (any) first = part.load(taps + r);
            for (int k = any ? 0 : 1; k < count; ++k) {
                const P next = part.load(steps[k] + r);
                if constexpr (with_taps) {
                    const P here = P(S(tap[k]));
                    first = math::select(next > maximum, here, math::select(next <= next, first, here));
                }
                maximum = math::select(next > maximum, next, math::select(next <= next, maximum, next));
            }
            part.store(to + r, maximum);
            if constexpr (with_taps) part.store(taps + r, first);
        });
    }
};
/// y = the maximum of a window, and in `kept` (rows x T' B) its tap; minus infinity of a window of padding.
template <class S>
struct MaximumOfWindow : PooledWindows<S> {
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t size = this->rows;
        StepMaxima<S> all{this->y + n * size, this->kept ? this->kept + n * size : nullptr, size};
        const bool valid = this->valid(n);
        if (valid) this->each_step(n, [&](int k, const S* step) { all.template add<P>(k, step); });
        all.template finish<P>();
        if (all.any) return;
        for (std::size_t r = 0; r < size; ++r) {
            all.to[r] = valid ? minus_infinity<S> : S(0);
            if (all.taps) all.taps[r] = S(0);
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
        this->each_step(n, [&](int, const S* step) {
            ++count;
            for_each_pack<P>(size, [&](PartialPack<P> part, std::size_t r) {
                part.store(to + r, part.load(to + r) + part.load(step + r));
            });
        });
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

} // namespace rondo::detail
