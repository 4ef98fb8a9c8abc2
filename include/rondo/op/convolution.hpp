// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "convolution_plan.hpp"
#include "convolution_windows.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of a convolution over the steps, as one product per group: y = W windows + b, where a column of
/// `windows` has the input's columns that an output step reads.
///
/// Memory  scratch: the weights in the order of the windows, packed, and the windows of a number of steps.
template <class S>
struct Convolution {
    DynamicSequenceView<const S> x; // (In x T B)
    DynamicSequenceView<S> y;       // (Out x T' B)
    Parameter<S> weight, bias;      // (Out x In/groups x Kernel), (Out); a bias whose value is null: none
    ConvolutionPlan plan;
    S *state = nullptr, *before = nullptr; // ConvolutionHistory of each sequence, updated; its copy for the backward

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = forward_scratch(scratch);
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        if (bias.value) backend.fill_columns(y.matrix(), bias.value);
        else backend.fill(y.value, y.size(), S(0));
        const S* const w = by_window(backend, room.weight);
        for (std::size_t group = 0; group < groups(); ++group) {
            const auto packed = backend.prepare(group_weight(w, group), room.packed);
            each_chunk<Run::whole>([&](std::size_t first, std::size_t count) {
                const auto windows = gather(backend, lengths, group, first, count, state, room.windows);
                backend.multiply_add(group_rows(y.matrix(first, count), group, outputs()), packed, windows);
            });
        }
        if (!state) return;
        if (before) backend.copy(before, state, history_size());
        backend.columns(AppendHistory<S>{of_group(lengths, 0, 0, state), x.value}, std::size_t(x.extent.batch));
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        struct {
            int* lengths = nullptr;
            S *weight, *packed, *windows;
        } room;
        if constexpr (Asynchronous<B>) room.lengths = scratch.take_lengths(x.extent);
        room.weight = scratch.take(weight_size());
        room.packed = scratch.take(B::prepared_size(outputs(), taps()));
        room.windows = scratch.take(taps() * chunk<Asynchronous<B>>());
        scratch.product(outputs(), chunk<Asynchronous<B>>(), taps());
        return room;
    }

    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        const int* output_lengths = run.lengths(y.extent, room.output_lengths);
        const S* const w = by_window(backend, room.weight);
        S* const dw = run.gradient(weight);
        if (dw) backend.fill(room.dw, weight_size(), S(0));
        const auto dy = [&] {
            if constexpr (Run::whole) return run.active(y.gradients(), y.extent, output_lengths, room.dy);
            else return static_cast<ColumnMajorView<const S>>(y.gradients());
        }();
        if (dw && bias.value)
            each_valid<Run::whole>(0, y.columns(), [&](std::size_t first, std::size_t count) {
                backend.add_columns(run.gradient(bias), dy.from_column(first, count));
            });
        for (std::size_t group = 0; group < groups(); ++group)
            each_chunk<Run::whole>([&](std::size_t begin, std::size_t size) {
                const auto windows = dw ? gather(backend, lengths, group, begin, size, before, room.windows)
                                        : ColumnMajorView<const S>{};
                const ColumnMajorView<S> dwindows{room.dwindows, taps(), size};
                if (x.gradient) backend.fill(dwindows.data, taps() * size, S(0));
                each_valid<Run::whole>(begin, begin + size, [&](std::size_t first, std::size_t count) {
                    const auto part = group_rows(dy.from_column(first, count), group, outputs());
                    if (dw)
                        backend.add_outer({room.dw + group * outputs() * taps(), outputs(), taps()}, part,
                                          windows.from_column(first - begin, count));
                    if (x.gradient)
                        backend.multiply_transposed_add(dwindows.from_column(first - begin, count),
                                                        group_weight(w, group), part);
                });
                if (x.gradient) scatter(backend, lengths, group, begin, size, room.dwindows);
            });
        if (dw) backend.columns(WeightByWindow<S, true>{dw, room.dw, inputs(), plan.kernel}, y.rows);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int *lengths = nullptr, *output_lengths = nullptr;
            S *weight, *dw, *windows, *dwindows, *dy = nullptr;
        } room;
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            room.output_lengths = scratch.take_lengths(y.extent);
            if (y.extent.lengths) room.dy = scratch.take(y.size());
        }
        room.weight = scratch.take(weight_size());
        room.dw = scratch.take(weight_size());
        room.windows = scratch.take(taps() * chunk<Asynchronous<B>>());
        room.dwindows = scratch.take(taps() * chunk<Asynchronous<B>>());
        scratch.product(taps(), outputs(), chunk<Asynchronous<B>>());
        scratch.product(taps(), chunk<Asynchronous<B>>(), outputs());
        return room;
    }

private:
    std::size_t groups() const { return std::size_t(plan.groups); }
    std::size_t inputs() const { return x.rows / groups(); }  // of a group
    std::size_t outputs() const { return y.rows / groups(); } // of a group
    std::size_t taps() const { return inputs() * std::size_t(plan.kernel); }
    std::size_t weight_size() const { return y.rows * taps(); }
    /// Columns whose windows are in memory at once: all on a device; on the host whole steps, about 64 K elements, and
    /// enough columns that a product does not wait for its weights.
    template <bool whole>
    std::size_t chunk() const {
        if (whole) return y.columns();
        const std::size_t batch = (std::max)(std::size_t(y.extent.batch), std::size_t(1)), least = 96;
        const std::size_t columns = (std::max)(65536 / taps(), least);
        return (std::min)(y.columns(), (std::max)(columns / batch, std::size_t(1)) * batch);
    }
    template <bool whole, class F>
    void each_chunk(const F& f) const {
        const std::size_t all = y.columns(), size = chunk<whole>();
        for (std::size_t first = 0; first < all; first += size) f(first, (std::min)(size, all - first));
    }
    /// Ranges of valid columns within [begin, end); all in one where padding was set to zero.
    template <bool whole, class F>
    void each_valid(std::size_t begin, std::size_t end, const F& f) const {
        if constexpr (whole) return f(begin, end - begin);
        const int batch = (std::max)(y.extent.batch, 1);
        for_each_valid_range(y.extent, int(begin / std::size_t(batch)), int(end / std::size_t(batch)), f);
    }
    template <class B>
    const S* by_window(B& backend, S* to) const {
        backend.columns(WeightByWindow<S, false>{const_cast<S*>(weight.value), to, inputs(), plan.kernel},
                        y.rows); // reads the weights only
        return to;
    }
    RowMajorView<const S> group_weight(const S* w, std::size_t group) const {
        return {w + group * outputs() * taps(), outputs(), taps()};
    }
    template <class T>
    static ColumnMajorView<T> group_rows(ColumnMajorView<T> all, std::size_t group, std::size_t rows) {
        return all.from_row(group * rows, rows);
    }
    std::size_t history_size() const { return ConvolutionHistory<S>::size(plan, x.rows) * std::size_t(x.extent.batch); }
    WindowsOfGroup<S> of_group(const int* lengths, std::size_t group, std::size_t first, S* history) const {
        return {plan,  lengths, x.extent.steps, x.rows, group * inputs(), inputs(), std::size_t(x.extent.batch),
                first, history};
    }
    template <class B>
    ColumnMajorView<const S> gather(B& backend, const int* lengths, std::size_t group, std::size_t first,
                                    std::size_t count, S* history, S* to) const {
        backend.columns(ConvolutionWindows<S>{of_group(lengths, group, first, history), x.value, to}, count);
        return {to, taps(), count};
    }
    template <class B>
    void scatter(B& backend, const int* lengths, std::size_t group, std::size_t first, std::size_t count,
                 const S* from) const {
        const std::size_t batch = std::size_t(x.extent.batch);
        const auto [begin, end] = inputs_of(int(first / batch), int((first + count) / batch));
        backend.columns(ConvolutionWindowsGradient<S>{of_group(lengths, group, first, nullptr), from, x.gradient,
                                                      first + count, std::size_t(begin) * batch},
                        std::size_t(end - begin) * batch);
    }
    /// The input steps that the output steps [first, end) may read.
    std::pair<int, int> inputs_of(int first, int end) const {
        const int steps = x.extent.steps;
        if (plan.reflect) return {0, steps}; // from the end of each sequence
        const int from = (std::min)((std::max)(first * plan.stride - plan.left, 0), steps);
        return {from, (std::max)((std::min)((end - 1) * plan.stride - plan.left + plan.reach(), steps), from)};
    }
};

} // namespace rondo
