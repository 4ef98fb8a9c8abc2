// SPDX-License-Identifier: MIT
#pragma once

#include "convolution_windows.hpp"
#include "depthwise_sums.hpp"

#include <cstddef>

// The functors of a depthwise convolution: each feature has its own taps.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The weights of row r (rows x Kernel) and of those in the order of the taps (Kernel x rows): `add` adds the latter to
/// the former instead of copying the former to the latter.
template <class S, bool add>
struct WeightByTap {
    S *weight, *by_tap;
    std::size_t rows, kernel;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t r) const {
        for (std::size_t k = 0; k < kernel; ++k) {
            S &given = weight[r * kernel + k], &ordered = by_tap[k * rows + r];
            if constexpr (add) given += ordered;
            else ordered = given;
        }
    }
};
/// y(t) = b + sum_k w(k) x(step that tap k reads), feature by feature, for `together` output steps of a sequence
template <class S, int together>
struct DepthwiseColumn : WindowsOfGroup<S> {
    const S *x, *w, *bias; // (rows x T B), (Kernel x rows), (rows) or null
    S* y;                  // (rows x T' B)
    int outputs;           // T'
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = n % this->batch;
        const int t = int(n / this->batch) * together, end = t + together < outputs ? t + together : outputs;
        for (int j = t; j < end; ++j) {
            S* const to = y + this->at(j, b);
            for (std::size_t r = 0; r < this->rows; ++r) to[r] = bias ? bias[r] : S(0);
        }
        ConvolutionTaps all;
        if constexpr (together > 1)
            if (end - t > 1 && (all = inside(t, b) & inside(end - 1, b)).count() > 0) {
                add<P>(t, end, b, {0, all.first});
                const std::ptrdiff_t size = std::ptrdiff_t(this->rows), step = size * std::ptrdiff_t(this->batch);
                add_products<P, together, S>(
                    end - t, {w + all.first * size, size},
                    {this->step(x, this->plan.position(t, all.first), b), this->plan.dilation * step},
                    this->plan.stride * step, all.count(), {y + this->at(t, b), step}, this->rows);
            }
        add<P>(t, end, b, {all.last, this->plan.kernel});
    }

private:
    /// The taps that read the sequence itself.
    RONDO_HOST_DEVICE ConvolutionTaps inside(int t, std::size_t b) const {
        const int begin = this->plan.left - this->plan.position(t, 0);
        return this->plan.taps_at(begin, begin + this->length(b));
    }
    template <class P>
    RONDO_HOST_DEVICE void add(int t, int end, std::size_t b, ConvolutionTaps taps) const {
        for (; t < end && taps.count() > 0; ++t) {
            S* const to = y + this->at(t, b);
            TapSums<S> sums;
            for (int k = taps.first; k < taps.last; ++k)
                if (const S* const step = this->step(x, this->plan.position(t, k), b))
                    sums.template add<P>(step, w + std::size_t(k) * this->rows, to, this->rows);
            sums.template finish<P>(to, this->rows);
        }
    }
};
/// dx(t) += the sum of w(k) dy(t') over all taps and output steps that read t, for `together` steps of a sequence
template <class S, int together>
struct DepthwiseGradient : WindowsOfGroup<S> {
    const S *dy, *w; // (rows x T' B), (Kernel x rows)
    S* dx;           // (rows x T B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = n % this->batch;
        const int t = int(n / this->batch) * together, length = this->length(b), left = this->plan.left;
        const int end = t + together < length ? t + together : length;
        ConvolutionTaps all;
        if (end - t > 1 && this->plan.stride == 1) all = outputs(t + left, b) & outputs(end - 1 + left, b);
        for (int j = t; j < end; ++j) add<P>(j, b, j + left, {0, all.first});
        if constexpr (together > 1)
            if (all.count() > 0) {
                const std::ptrdiff_t size = std::ptrdiff_t(this->rows), step = size * std::ptrdiff_t(this->batch);
                add_products<P, together, S>(
                    end - t, {w + all.first * size, size},
                    {dy + this->at(t + left - all.first * this->plan.dilation, b), -this->plan.dilation * step}, step,
                    all.count(), {dx + this->at(t, b), step}, this->rows);
            }
        for (int j = t; j < end; ++j) {
            const ConvolutionTaps rest{all.last, this->plan.kernel};
            add<P>(j, b, j + left, rest);
            this->each_reflection(j, b, [&](int position) { add<P>(j, b, position, {0, this->plan.kernel}); });
        }
    }

private:
    /// The taps with which outputs read a position, if the stride is 1.
    RONDO_HOST_DEVICE ConvolutionTaps outputs(int position, std::size_t b) const {
        return this->plan.taps_at(position + 1 - this->plan.steps(this->length(b)), position + 1);
    }
    template <class P>
    RONDO_HOST_DEVICE void add(int to, std::size_t b, int position, ConvolutionTaps taps) const {
        if (taps.count() <= 0) return;
        const int count = this->plan.steps(this->length(b));
        TapSums<S> sums;
        for (int k = taps.first; k < taps.last; ++k) {
            const int begin = position - k * this->plan.dilation, t = begin / this->plan.stride;
            if (begin < 0) break;
            if (t < count && begin % this->plan.stride == 0)
                sums.template add<P>(dy + this->at(t, b), w + std::size_t(k) * this->rows, dx + this->at(to, b),
                                     this->rows);
        }
        sums.template finish<P>(dx + this->at(to, b), this->rows);
    }
};
/// dw(k) += the sum of dy(t') x(step that tap k reads) over the columns [first, end), for `together` taps
template <class S, int together>
struct DepthwiseWeightGradient : WindowsOfGroup<S> {
    const S *x, *dy; // (rows x T B), (rows x T' B)
    S* dw;           // (Kernel x rows)
    std::size_t end;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t part) const {
        const int k = int(part) * together, left = this->plan.kernel - k, taps = left < together ? left : together;
        const std::ptrdiff_t size = std::ptrdiff_t(this->rows), step = size * std::ptrdiff_t(this->batch);
        for (std::size_t n = this->first, count; n < end; n += count) {
            count = inside(n, k, taps);
            const std::size_t b = n % this->batch;
            const int position = this->plan.position(int(n / this->batch), k);
            const EvenColumns<const S> columns{dy + n * this->rows, size};
            if (count > 0) {
                add_products<P, together, S>(taps, columns, {this->step(x, position, b), size},
                                             this->plan.dilation * step, int(count), {dw + k * size, size}, this->rows);
            } else {
                count = 1;
                for (int j = 0; j < taps; ++j)
                    if (const S* const at = this->step(x, position + j * this->plan.dilation, b))
                        add_products<P, together, S>(1, columns, {at, size}, 0, 1, {dw + (k + j) * size, size},
                                                     this->rows);
            }
        }
    }

private:
    /// The number of columns from n on whose taps [k, k + taps) read the sequences themselves, each of them steps that
    /// are next to each other.
    RONDO_HOST_DEVICE std::size_t inside(std::size_t n, int k, int taps) const {
        const std::size_t b = n % this->batch;
        const int begin = this->plan.position(int(n / this->batch), k) - this->plan.left,
                  last = begin + (taps - 1) * this->plan.dilation;
        if (begin < 0 || last >= this->length(b)) return 0;
        std::size_t count = 1;
        if (this->plan.stride == 1 && (!this->lengths || this->batch == 1))
            count = std::size_t(this->length(b) - last) * this->batch - b;
        else
            while (b + count < this->batch && last < this->length(b + count)) ++count;
        return count < end - n ? count : end - n;
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
        const S* const step = this->step(x, this->plan.position(int(n / this->batch), k), n % this->batch);
        for (std::size_t r = 0; r < this->rows; ++r)
            p[n * this->rows + r] = step ? dy[n * this->rows + r] * step[r] : S(0);
    }
};

} // namespace rondo::detail
