// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../graph/op_context.hpp"
#include "convolution_plan.hpp"
#include "convolution_windows.hpp"

#include <algorithm>
#include <array>
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

    std::array<ParameterTensor, 2> parameters() const {
        return {ParameterTensor{weight.offset, weight_size()}, {bias.offset, bias.value ? y.rows : 0}};
    }

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
            each_chunk<Run::whole>(run.shards(), [&](std::size_t first, std::size_t count) {
                const auto windows = gather(backend, lengths, group, first, count, state, room.windows);
                backend.multiply_add(group_rows(y.matrix(first, count), group, outputs()), packed, windows);
            });
        }
        if (!state) return;
        if (before) backend.copy(before, state, history_size(x.extent.batch));
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
        room.windows = scratch.take(taps() * chunk<Asynchronous<B>>(scratch.shards()));
        scratch.product(outputs(), chunk<Asynchronous<B>>(scratch.shards()), taps());
        return room;
    }

    template <class Run>
    void backward(Run& run) const {
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        const int* output_lengths = run.lengths(y.extent, room.output_lengths);
        const auto dy = [&] {
            if constexpr (Run::whole) return run.active(y.gradients(), y.extent, output_lengths, room.dy);
            else return static_cast<ColumnMajorView<const S>>(y.gradients());
        }();
        if constexpr (Run::whole) {
            if (S* const dW = run.gradient(weight))
                add_weight_gradients(run, lengths, dy, {dW, run.gradient(bias)}, room);
        } else {
            run.each_shard(
                parameters(), x.extent, room.sums, [&](const Extent& part, int from, const std::array<S*, 2>& to) {
                    Convolution of_shard = *this;
                    of_shard.x.value = run.columns_of(part, from, x.extent, x.matrix(), room.x).data;
                    of_shard.x.extent = part;
                    of_shard.y.extent = Shards::cut(y.extent, from, part.batch);
                    if (before) of_shard.before = before + history_size(from);
                    of_shard.add_weight_gradients(
                        run, part.lengths, run.columns_of(of_shard.y.extent, from, y.extent, dy, room.dy), to, room);
                });
        }
        if (x.gradient) add_input_gradients(run, lengths, dy, room);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        struct {
            int *lengths = nullptr, *output_lengths = nullptr;
            S *weight, *dw, *windows, *x = nullptr, *dy = nullptr, *sums = nullptr;
        } room;
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            room.output_lengths = scratch.take_lengths(y.extent);
            if (y.extent.lengths) room.dy = scratch.take(y.size());
        } else {
            room.x = scratch.take_shard(x.rows, x.extent);
            room.dy = scratch.take_shard(y.rows, y.extent);
            room.sums = scratch.take_sums(OpContext<B>::total_size(parameters()));
        }
        const std::size_t columns = chunk<Asynchronous<B>>(scratch.shards());
        room.weight = scratch.take(weight_size());
        room.dw = scratch.take(weight_size());
        room.windows = scratch.take(taps() * columns);
        scratch.product(taps(), outputs(), columns);
        scratch.product(taps(), columns, outputs());
        return room;
    }

private:
    template <class Run, class Room>
    void add_weight_gradients(Run& run, const int* lengths, ColumnMajorView<const S> dy, const std::array<S*, 2>& to,
                              const Room& room) const {
        auto& backend = run.backend();
        backend.fill(room.dw, weight_size(), S(0));
        if (bias.value)
            each_valid<Run::whole>(0, y.columns(), [&](std::size_t first, std::size_t count) {
                backend.add_columns(to[1], dy.from_column(first, count));
            });
        for (std::size_t group = 0; group < groups(); ++group)
            each_chunk<Run::whole>(run.shards(), [&](std::size_t begin, std::size_t size) {
                const auto windows = gather(backend, lengths, group, begin, size, before, room.windows);
                each_valid<Run::whole>(begin, begin + size, [&](std::size_t first, std::size_t count) {
                    backend.add_outer({room.dw + group * outputs() * taps(), outputs(), taps()},
                                      group_rows(dy.from_column(first, count), group, outputs()),
                                      windows.from_column(first - begin, count));
                });
            });
        backend.columns(WeightByWindow<S, true>{to[0], room.dw, inputs(), plan.kernel}, y.rows);
    }
    template <class Run, class Room>
    void add_input_gradients(Run& run, const int* lengths, ColumnMajorView<const S> dy, const Room& room) const {
        auto& backend = run.backend();
        const S* const w = by_window(backend, room.weight);
        for (std::size_t group = 0; group < groups(); ++group)
            each_chunk<Run::whole>(run.shards(), [&](std::size_t begin, std::size_t size) {
                const ColumnMajorView<S> dwindows{room.windows, taps(), size};
                backend.fill(dwindows.data, taps() * size, S(0));
                each_valid<Run::whole>(begin, begin + size, [&](std::size_t first, std::size_t count) {
                    run.multiply_transposed_add(y.extent, dwindows.from_column(first - begin, count),
                                                group_weight(w, group),
                                                group_rows(dy.from_column(first, count), group, outputs()));
                });
                scatter(backend, lengths, group, begin, size, room.windows);
            });
    }
    std::size_t groups() const { return std::size_t(plan.groups); }
    std::size_t inputs() const { return x.rows / groups(); }  // of a group
    std::size_t outputs() const { return y.rows / groups(); } // of a group
    std::size_t taps() const { return inputs() * std::size_t(plan.kernel); }
    std::size_t weight_size() const { return y.rows * taps(); }
    /// Columns whose windows are in memory at once: all on a device; on the host whole steps, about 64 K elements, and
    /// enough columns that a product does not wait for its weights; as many steps in each part of a batch.
    template <bool whole>
    std::size_t chunk(const Shards& shards) const {
        if (whole) return y.columns();
        const std::size_t own = (std::max)(std::size_t(y.extent.batch), std::size_t(1)), least = 96;
        const std::size_t batch = shards.count > 1 ? std::size_t(shards.batch) : own;
        const std::size_t columns = (std::max)(65536 / taps(), least);
        return (std::min)(y.columns(), (std::max)(columns / batch, std::size_t(1)) * own);
    }
    template <bool whole, class F>
    void each_chunk(const Shards& shards, const F& f) const {
        const std::size_t all = y.columns(), size = chunk<whole>(shards);
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
    std::size_t history_size(int sequences) const {
        return ConvolutionHistory<S>::size(plan, x.rows) * std::size_t(sequences);
    }
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
