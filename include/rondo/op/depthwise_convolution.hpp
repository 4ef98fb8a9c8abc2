// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "depthwise_functors.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of a convolution whose groups have one input and one output: each feature by itself.
///
/// The sums of `most` steps, or taps, are computed together; on a device each by itself. 1 for the steps of a stream.
///
/// Memory  scratch: the weights in the order of the taps; on a device also a value of y's size.
template <class S, int most>
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
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        backend.columns(detail::DepthwiseColumn<S, together<Run>>{steps(lengths, state), x.value,
                                                                  weights(backend, room.weight), bias.value, y.value,
                                                                  y.extent.steps},
                        parts<Run>(y.extent.steps) * std::size_t(y.extent.batch));
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
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        if (x.gradient)
            backend.columns(detail::DepthwiseGradient<S, together<Run>>{steps(lengths, nullptr), y.gradient,
                                                                        weights(backend, room.weight), x.gradient},
                            parts<Run>(x.extent.steps) * std::size_t(x.extent.batch));
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
                    detail::DepthwiseWeightGradient<S, together<Run>> part{
                        steps(lengths, before), x.value, y.gradient, room.dw, (std::min)(from + some, first + count)};
                    part.first = from;
                    backend.columns(part, parts<Run>(plan.kernel));
                }
                if (db) backend.add_columns(db, y.gradients(first, count));
            });
        }
        backend.columns(detail::WeightByTap<S, true>{dw, room.dw, y.rows, std::size_t(plan.kernel)}, y.rows);
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
    template <class Run> static constexpr int together = Run::whole ? 1 : most;
    template <class Run>
    static std::size_t parts(int count) {
        return std::size_t((count + together<Run> - 1) / together<Run>);
    }
    std::size_t weight_size() const { return y.rows * std::size_t(plan.kernel); }
    template <class B>
    const S* weights(B& backend, S* to) const {
        if (by_tap) return by_tap;
        backend.columns(
            detail::WeightByTap<S, false>{const_cast<S*>(weight.value), to, y.rows, std::size_t(plan.kernel)},
            y.rows); // reads the weights only
        return to;
    }
    WindowsOfGroup<S> steps(const int* lengths, S* history) const {
        return {plan, lengths, x.extent.steps, x.rows, 0, x.rows, std::size_t(x.extent.batch), 0, history};
    }
};

} // namespace rondo
