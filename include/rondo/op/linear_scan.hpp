// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "../graph/op_context.hpp"
#include "linear_scan_chunks.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of a linear cell over time, in one direction, given its pre-activations for all steps.
///
///   s(t) = a(t) s(t - 1) + b(t)                                               (1)
///   y(t) = output(s(t)), or s(t)                                              (2)
///
/// On the host steps are executed in order, the sequences of a step one after the other with units in packs: no
/// arithmetic is added, and the states of the step before are in the L1 cache. On a device steps are scanned in chunks
/// (ScanChunks). A column's bits depend neither on the other sequences nor on padding.
///
/// Shapes  pre (pre_rows x T B), gates H rows and, where the cell reads a projected input, H more; input (H x T B); y
///         (outputs H x T B). Padding of y is zero.
/// Memory  for training, the states of all steps, unless they are y.
template <class C, class S>
struct LinearScan {
    static constexpr int states = C::shape.states, constants = C::shape.constants,
                         parameter_count = cell::unit_parameter_count<C>, outputs = C::shape.output ? 1 : states;

    Extent extent;
    LinearUnits<C, S> all; // lengths: set when it is executed
    std::array<Parameter<S>, std::size_t(parameter_count)> per_unit{};
    S* constant_values = nullptr;                                     // (constants x H)
    Values<S*, states> final{}, initial_gradient{}, final_gradient{}; // (H x B) each; null if not needed

    std::array<ParameterTensor, std::size_t(parameter_count)> parameters() const
        requires (parameter_count > 0)
    {
        std::array<ParameterTensor, std::size_t(parameter_count)> tensors{};
        for (std::size_t k = 0; k < tensors.size(); ++k) tensors[k] = {per_unit[k].offset, all.units};
        return tensors;
    }

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = forward_scratch(scratch);
        const auto units = units_of(run, room.lengths);
        if constexpr (constants > 0) backend.columns(constants_of(constant_values), units.units);
        if (extent.lengths) {
            backend.fill(units.state, states * size(), S(0));
            if (units.output) backend.fill(units.output, size(), S(0));
        }
        if constexpr (Run::whole) {
            const detail::LinearChunks<C, S> shared{units, room.chunks, room.A, room.B, room.border};
            const std::size_t one = units.units * units.batch, count = std::size_t(room.chunks.count);
            if (count > 1) backend.columns(detail::LinearChunkForward<C, S>{shared}, one * (count - 1));
            backend.columns(detail::LinearBorderForward<C, S>{shared}, one);
            backend.columns(detail::LinearStepsForward<C, S>{shared}, one * count);
        } else {
            for (int k = 0; k < extent.steps; ++k) {
                const int t = units.reverse ? extent.steps - 1 - k : k;
                for_each_valid_range(extent, t, [&](int first, int count) {
                    backend.columns(detail::LinearStepForward<C, S>{units, t, std::size_t(first)}, std::size_t(count));
                });
            }
        }
        if (final[0]) backend.columns(detail::LinearFinalStates<C, S>{units, final}, units.batch);
    }
    struct Room {
        int* lengths = nullptr;
        detail::ScanChunks chunks{};
        S *A = nullptr, *B = nullptr, *border = nullptr;
    };
    template <class B>
    Room forward_scratch(Scratch<B>& scratch) const {
        Room room;
        if constexpr (Asynchronous<B>) {
            room.lengths = scratch.take_lengths(extent);
            room.chunks = detail::ScanChunks::of(all.units, extent);
            const std::size_t size = states * all.units * all.batch * std::size_t(room.chunks.count);
            room.A = scratch.take(size);
            room.B = scratch.take(size);
            room.border = scratch.take(size);
        }
        return room;
    }

    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        auto scratch = run.scratch();
        const auto room = backward_scratch(scratch);
        const auto units = units_of(run, room.lengths);
        std::size_t parts = units.batch; // whose gradients of constants are sums of their own
        if constexpr (Run::whole) {
            const detail::LinearChunks<C, S> shared{units, room.chunks, room.A, room.B, room.border};
            const std::size_t one = units.units * units.batch, count = std::size_t(room.chunks.count);
            Values<const S*, states> after{};
            for (int k = 0; k < states; ++k) after[k] = final_gradient[k];
            if (count > 1) backend.columns(detail::LinearChunkBackward<C, S>{shared}, one * count);
            backend.columns(detail::LinearBorderBackward<C, S>{shared, after}, one);
            backend.columns(detail::LinearStepsBackward<C, S>{shared, initial_gradient, room.constants_gradient},
                            one * count);
            parts *= count;
        } else {
            const std::size_t one = units.units * units.batch;
            for (int k = 0; k < states; ++k)
                if (final_gradient[k]) backend.copy(room.carry[k], final_gradient[k], one);
                else backend.fill(room.carry[k], one, S(0));
            if constexpr (constants > 0) backend.fill(room.constants_gradient, constants * one, S(0));
            for (int k = extent.steps - 1; k >= 0; --k) {
                const int t = units.reverse ? extent.steps - 1 - k : k;
                for_each_valid_range(extent, t, [&](int first, int count) {
                    backend.columns(detail::LinearStepBackward<C, S>{units, t, std::size_t(first), room.carry,
                                                                     room.constants_gradient},
                                    std::size_t(count));
                });
            }
            for (int k = 0; k < states; ++k)
                if (initial_gradient[k])
                    backend.add_to_columns({initial_gradient[k], units.units, units.batch},
                                           ColumnMajorView<const S>{room.carry[k], units.units, units.batch});
        }
        if constexpr (constants > 0) add_parameters(run, room, parts);
    }
    struct BackwardRoom : Room {
        Values<S*, states> carry{};
        S *constants_gradient = nullptr, *sum = nullptr, *sums = nullptr;
    };
    template <class B>
    BackwardRoom backward_scratch(Scratch<B>& scratch) const {
        BackwardRoom room{forward_scratch(scratch)};
        const std::size_t one = all.units * all.batch;
        if constexpr (!Asynchronous<B>)
            for (int k = 0; k < states; ++k) room.carry[k] = scratch.take(one);
        if constexpr (constants > 0) {
            room.constants_gradient = scratch.take(constants * one * std::size_t(room.chunks.count));
            room.sum = scratch.take(constants * all.units);
            room.sums = scratch.take_sums(OpContext<B>::total_size(parameters()));
        }
        return room;
    }

private:
    std::size_t size() const { return all.units * extent.columns(); }
    template <class Run>
    LinearUnits<C, S> units_of(const Run& run, int* lengths) const {
        LinearUnits<C, S> units = all;
        units.lengths = run.readable_lengths(extent, lengths);
        return units;
    }
    detail::LinearConstants<C, S> constants_of(S* values) const {
        detail::LinearConstants<C, S> of{{}, values, all.units};
        for (int k = 0; k < parameter_count; ++k) of.from[k] = per_unit[std::size_t(k)].value;
        return of;
    }
    /// dL/d(per-unit parameters): of each shard, the sum over its sequences.
    template <class Run>
    void add_parameters(Run& run, const BackwardRoom& room, std::size_t parts) const {
        auto& backend = run.backend();
        const std::size_t rows = constants * all.units;
        run.each_shard(parameters(), extent, room.sums, [&](const Extent& part, int from, const auto& to) {
            const std::size_t count = Run::whole ? parts : std::size_t(part.batch);
            backend.fill(room.sum, rows, S(0));
            backend.add_columns(
                room.sum, ColumnMajorView<const S>{room.constants_gradient + std::size_t(from) * rows, rows, count});
            detail::LinearConstantsBackward<C, S> add{constants_of(room.sum), {}};
            for (int k = 0; k < parameter_count; ++k) add.to[k] = to[std::size_t(k)];
            backend.columns(add, all.units);
        });
    }
};

} // namespace rondo
