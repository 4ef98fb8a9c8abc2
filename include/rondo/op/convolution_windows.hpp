// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "convolution_plan.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The steps before a sequence that the first windows of a causal convolution or pool read: a ring buffer, and as its
/// last number the index of the oldest step, plus `steps` once the buffer is full.
template <class S>
struct ConvolutionHistory {
    S* ring; // (rows x steps), index
    std::size_t rows, steps;

    RONDO_HOST_DEVICE static constexpr std::size_t size(const ConvolutionPlan& plan, std::size_t rows) {
        return plan.left > 0 ? std::size_t(plan.left) * rows + 1 : 0;
    }
    RONDO_HOST_DEVICE std::size_t oldest() const {
        const std::size_t last = number();
        return last < steps ? last : last - steps;
    }
    /// How many steps have been appended, `steps` at most.
    RONDO_HOST_DEVICE std::size_t filled() const {
        const std::size_t last = number();
        return last < steps ? last : steps;
    }
    /// The step that is `count` steps back, from 1 to `steps`.
    RONDO_HOST_DEVICE const S* back(std::size_t count) const {
        const std::size_t end = oldest();
        return ring + (end >= count ? end - count : end + steps - count) * rows;
    }
    /// Appends `count` steps, of which step(t) is the address of the t-th.
    template <class F>
    RONDO_HOST_DEVICE void append(int count, const F& step) const {
        const int skipped = count > int(steps) ? count - int(steps) : 0;
        std::size_t at = oldest();
        const bool full = filled() + std::size_t(count) >= steps;
        if (skipped > 0) at = (at + std::size_t(skipped)) % steps;
        for (int t = skipped; t < count; ++t) {
            const S* const from = step(t);
            S* const to = ring + at * rows;
            for (std::size_t i = 0; i < rows; ++i) to[i] = from[i];
            if (++at == steps) at = 0;
        }
        ring[rows * steps] = S(full ? at + steps : at);
    }

private:
    /// 0 if the state of a caller has something else there.
    RONDO_HOST_DEVICE std::size_t number() const {
        const S last = ring[rows * steps];
        return last > S(0) && last < S(2 * steps) ? std::size_t(last) : 0;
    }
};
/// The windows of a group of features: element (k, i) of the column of an output step is feature i of the step that its
/// tap k reads.
template <class S>
struct WindowsOfGroup {
    ConvolutionPlan plan;
    const int* lengths; // (B); null: all `steps`
    int steps;
    std::size_t rows, first_row, inputs; // of the input; of the group
    std::size_t batch, first;            // the first output column of the windows
    S* state = nullptr;                  // what precedes the sequences; null: zeros, or reflected steps

    RONDO_HOST_DEVICE int length(std::size_t b) const { return lengths ? lengths[b] : steps; }
    RONDO_HOST_DEVICE std::size_t at(int t, std::size_t b) const {
        return (std::size_t(t) * batch + b) * rows + first_row;
    }
    RONDO_HOST_DEVICE std::size_t taps() const { return inputs * std::size_t(plan.kernel); }
    RONDO_HOST_DEVICE ConvolutionHistory<S> history(std::size_t b) const {
        return {state + b * ConvolutionHistory<S>::size(plan, rows), rows, std::size_t(plan.left)};
    }
    /// The group's features of the step at a position of the padded sequence; null: zeros.
    RONDO_HOST_DEVICE const S* step(const S* x, int position, std::size_t b) const {
        if (state && position < plan.left) return history(b).back(std::size_t(plan.left - position)) + first_row;
        const int t = plan.source(position, length(b));
        return t < 0 ? nullptr : x + at(t, b);
    }
    /// Calls f(position) for the positions of the padded sequence that have step t.
    template <class F>
    RONDO_HOST_DEVICE void each_position(int t, std::size_t b, const F& f) const {
        f(t + plan.left);
        each_reflection(t, b, f);
    }
    /// The same for those of reflected steps.
    template <class F>
    RONDO_HOST_DEVICE void each_reflection(int t, std::size_t b, const F& f) const {
        if (!plan.reflect) return;
        const int left = plan.left, last = length(b) - 1;
        if (t >= 1 && t <= left) f(left - t);
        if (t < last && 2 * last - t <= last + plan.right) f(left + 2 * last - t);
    }
};
template <class S>
struct ConvolutionWindows : WindowsOfGroup<S> {
    const S* x; // (rows x T B)
    S* windows; // (Kernel inputs x N)
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t column = this->first + n, b = column % this->batch;
        const int t = int(column / this->batch);
        S* to = windows + n * this->taps();
        for (int k = 0; k < this->plan.kernel; ++k, to += this->inputs) {
            const S* const from = this->step(x, this->plan.position(t, k), b);
            for (std::size_t i = 0; i < this->inputs; ++i) to[i] = from ? from[i] : S(0);
        }
    }
};
/// Appends the steps of x to the history of each sequence.
template <class S>
struct AppendHistory : WindowsOfGroup<S> {
    const S* x; // (rows x T B)
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        this->history(b).append(this->length(b), [&](int t) { return x + this->at(t, b); });
    }
};
/// dx += the gradients of the windows' elements that are copies of x
template <class S>
struct ConvolutionWindowsGradient : WindowsOfGroup<S> {
    const S* dwindows; // (Kernel inputs x N)
    S* dx;             // (rows x T B)
    std::size_t end;   // of the output columns of the windows
    std::size_t first_input;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        const std::size_t n = first_input + index, b = n % this->batch;
        const int t = int(n / this->batch);
        if (t < this->length(b)) this->each_position(t, b, [&](int position) { add(position, t, b); });
    }

private:
    RONDO_HOST_DEVICE void add(int position, int t, std::size_t b) const {
        S* const to = dx + this->at(t, b);
        for (int k = 0; k < this->plan.kernel; ++k) {
            const int begin = position - k * this->plan.dilation;
            if (begin < 0 || begin % this->plan.stride != 0) continue;
            const std::size_t column = std::size_t(begin / this->plan.stride) * this->batch + b;
            if (column < this->first || column >= end) continue;
            const S* const from = dwindows + (column - this->first) * this->taps() + std::size_t(k) * this->inputs;
            for (std::size_t i = 0; i < this->inputs; ++i) to[i] += from[i];
        }
    }
};
/// Row o of the weights (Out x In/groups x Kernel) and of those in the order of the windows (Out x Kernel x In/groups):
/// `add` adds the latter to the former instead of copying the former to the latter.
template <class S, bool add>
struct WeightByWindow {
    S *weight, *by_window;
    std::size_t inputs;
    int kernel;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t o) const {
        const std::size_t taps = std::size_t(kernel), first = o * inputs * taps;
        for (std::size_t k = 0; k < taps; ++k)
            for (std::size_t i = 0; i < inputs; ++i) {
                S &given = weight[first + i * taps + k], &ordered = by_window[first + k * inputs + i];
                if constexpr (add) given += ordered;
                else ordered = given;
            }
    }
};

} // namespace rondo
