// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The taps [first, last) of a window.
struct ConvolutionTaps {
    int first = 0, last = 0;
    RONDO_HOST_DEVICE constexpr int count() const { return last - first; }
    /// The taps of both, {0, 0} if there are none.
    RONDO_HOST_DEVICE constexpr ConvolutionTaps operator&(ConvolutionTaps other) const {
        const int from = first > other.first ? first : other.first, to = last < other.last ? last : other.last;
        return from < to ? ConvolutionTaps{from, to} : ConvolutionTaps{};
    }
};

/// The options of a convolution over the steps, with padding resolved to numbers of steps.
///
/// Tap k of output step t reads input step t stride + k dilation - left: a zero, or a reflected step, outside the
/// sequence.
struct ConvolutionPlan {
    int kernel = 1, stride = 1, dilation = 1, groups = 1;
    int left = 0, right = 0; // steps of padding
    bool reflect = false;
    bool operator==(const ConvolutionPlan&) const = default;

    /// Input steps that an output step spans.
    RONDO_HOST_DEVICE constexpr int reach() const { return dilation * (kernel - 1) + 1; }
    /// Output steps of a sequence; 0 if it is shorter than the kernel.
    RONDO_HOST_DEVICE constexpr int steps(int length) const {
        const int most = length + left + right - reach();
        return length > 0 && most >= 0 ? most / stride + 1 : 0;
    }
    /// The position in the padded sequence that tap k of output step t reads.
    RONDO_HOST_DEVICE constexpr int position(int t, int k) const { return t * stride + k * dilation; }
    /// The taps that are at the steps [first, end) of a window.
    RONDO_HOST_DEVICE constexpr ConvolutionTaps taps_at(int first, int end) const {
        return {first_tap(first), first_tap(end)};
    }
    constexpr bool keeps_length() const { return stride == 1 && left + right == reach() - 1; }
    /// The input step at a position of the padded sequence; -1: a zero.
    RONDO_HOST_DEVICE constexpr int source(int position, int length) const {
        int at = position - left;
        if (reflect && at < 0) at = -at;
        if (reflect && at >= length) at = 2 * (length - 1) - at;
        return at >= 0 && at < length ? at : -1;
    }

private:
    /// The first tap at a step of a window or behind it.
    RONDO_HOST_DEVICE constexpr int first_tap(int step) const {
        if (step <= 0) return 0;
        return step >= reach() ? kernel : (step + dilation - 1) / dilation;
    }
};

} // namespace rondo
