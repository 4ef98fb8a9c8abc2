// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"
#include "convolution_windows.hpp"

#include <cstddef>

// The functors of a depthwise convolution: each feature has its own taps.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

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
        const int t = int(n / this->batch);
        if (t >= this->length(b)) return;
        TapSums<S> sums;
        this->each_position(t, b, [&](int position) { add<P>(sums, position, n, b); });
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

} // namespace rondo::detail
