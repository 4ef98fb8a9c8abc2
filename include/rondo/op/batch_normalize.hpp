// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "batch_normalize_functors.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation that normalizes each feature to mean 0 and mean square 1 over all valid columns, or by a mean and a
/// variance that are given, and applies a weight and a bias.
///
/// Memory  scratch: products of some columns; on a device, of all.
template <class S>
struct BatchNormalization {
    DynamicSequenceView<const S> x;                           // (Size x T B)
    DynamicSequenceView<S> y;                                 // (Size x T B)
    Parameter<S> weight{}, bias{};                            // (Size); null: none
    Parameter<S> running_mean{}, running_var{}, steps{};      // (Size), (Size), (1)
    S *mean = nullptr, *variance = nullptr, *scale = nullptr; // (Size): what the forward used
    S eps = 0;
    bool of_batch = false;

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = scratch_memory(scratch);
        const S n = S(count());
        if (of_batch) {
            const int* lengths = run.readable_lengths(x.extent, room.lengths);
            backend.fill(mean, x.rows, S(0));
            // The mean of the differences from a first mean corrects its rounding error.
            for (int k = 0; k < 2; ++k) {
                sum_products(run, room, lengths, room.sum, [&](std::size_t first, S* to) {
                    return detail::CenteredPower<S>{x.value + first * x.rows, mean, to, x.rows, false};
                });
                backend.columns(detail::MeanOfSum<S>{room.sum, mean, x.rows, n}, 1);
            }
            sum_products(run, room, lengths, room.sum, [&](std::size_t first, S* to) {
                return detail::CenteredPower<S>{x.value + first * x.rows, mean, to, x.rows, true};
            });
            backend.columns(detail::ScaleOfSquares<S>{room.sum, variance, scale, x.rows, n, eps}, 1);
        } else {
            backend.copy(mean, running_mean.value, x.rows);
            backend.columns(detail::ScaleOfSquares<S>{running_var.value, variance, scale, x.rows, S(1), eps}, 1);
        }
        backend.columns(detail::NormalizeFeatures<S>{x.value, mean, scale, weight.value, bias.value, y.value, x.rows},
                        x.columns());
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        return scratch_memory(scratch);
    }

    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = scratch_memory(scratch);
        const int* lengths = run.readable_lengths(x.extent, room.lengths);
        S* const dw = weight.value ? run.gradient(weight) : nullptr;
        if (dw || of_batch) {
            sum_products(run, room, lengths, room.sum, [&](std::size_t first, S* to) {
                return detail::NormalizedProduct<S>{
                    x.value + first * x.rows, y.gradient + first * x.rows, mean, scale, to, x.rows};
            });
            backend.fill(room.dy, x.rows, S(0));
            if constexpr (Run::whole)
                backend.add_columns(room.dy, run.active(y.gradients(), y.extent, lengths, room.active));
            else
                for_each_valid_range(y.extent, [&](std::size_t first, std::size_t columns) {
                    backend.add_columns(room.dy, y.gradients(first, columns));
                });
        }
        if (dw) {
            const auto add = [&](S* to, const S* sum) {
                backend.add_to_columns({to, x.rows, 1}, ColumnMajorView<const S>{sum, x.rows, 1});
            };
            add(dw, room.sum);
            add(run.gradient(bias), room.dy);
        }
        if (x.gradient)
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t columns) {
                const std::size_t at = first * x.rows;
                backend.columns(detail::NormalizeFeaturesGradient<S>{x.value + at, y.gradient + at, mean, scale,
                                                                     weight.value, room.dy, room.sum, x.gradient + at,
                                                                     x.rows, of_batch ? S(count()) : S(0)},
                                columns);
            });
        if (S* const to = running_mean.value ? run.gradient(running_mean) : nullptr; to && of_batch)
            backend.columns(detail::AddStatistics<S>{mean, variance, to, run.gradient(running_var), run.gradient(steps),
                                                     x.rows, S(count())},
                            1);
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        return scratch_memory(scratch);
    }

    /// Valid columns.
    std::size_t count() const {
        std::size_t all = 0;
        for (int b = 0; b < x.extent.batch; ++b) all += std::size_t(x.extent.length(b));
        return all;
    }

private:
    template <class B>
    auto scratch_memory(Scratch<B>& scratch) const {
        struct {
            int* lengths = nullptr;
            S *products, *part, *sum, *dy, *active = nullptr;
        } room;
        room.products = scratch.take(chunk<Asynchronous<B>>() * x.rows);
        room.part = scratch.take(x.rows);
        room.sum = scratch.take(x.rows);
        room.dy = scratch.take(x.rows);
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(x.extent);
            if (x.extent.lengths) room.active = scratch.take(x.size());
        }
        return room;
    }
    /// Columns whose products are in memory at once: on the host some that fit into the L1 cache.
    template <bool whole>
    std::size_t chunk() const {
        return whole ? x.columns() : (std::min)(x.columns(), (std::max)(std::size_t(8), 4096 / x.rows));
    }
    /// sum = the sum over all valid columns of what column(first, to) writes to `to`, beginning with column `first`. On
    /// the host by chunks, whose sums are added: fewer rounding errors than one sum over all columns has.
    template <class Run, class Room, class Column>
    void sum_products(Run& run, const Room& room, const int* lengths, S* sum, const Column& column) const {
        auto& backend = run.backend();
        backend.fill(sum, x.rows, S(0));
        const std::size_t size = chunk<Run::whole>();
        const auto add = [&](std::size_t first, std::size_t columns) {
            const ColumnMajorView<const S> products{room.products, x.rows, columns};
            backend.columns(column(first, room.products), columns);
            if constexpr (Run::whole) {
                backend.add_columns(sum, run.active(products, x.extent, lengths, room.active));
            } else {
                backend.fill(room.part, x.rows, S(0));
                backend.add_columns(room.part, products);
                backend.add_to_columns({sum, x.rows, 1}, ColumnMajorView<const S>{room.part, x.rows, 1});
            }
        };
        if constexpr (Run::whole) add(0, x.columns());
        else
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t columns) {
                for (std::size_t from = first; from < first + columns; from += size)
                    add(from, (std::min)(size, first + columns - from));
            });
    }
};

} // namespace rondo
