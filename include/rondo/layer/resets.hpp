// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/extent.hpp"
#include "../core/view.hpp"
#include "../op/gather_columns.hpp"
#include "../op/states.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Where episodes begin inside sequences: `run(layer<"lstm">, x, Resets{begins, batch})`. A recurrent layer's state is
/// zero before such a step, and no gradient crosses it; a layer that reads sequences from their ends begins at the end
/// of each episode.
///
/// Shapes  begins (T x batch) in host memory: begins[t * batch + b] is whether an episode begins at step t of sequence
///         b of the whole batch, of which the input may be a part (Extent::first_column). Padding is not read.
/// Errors  a batch of less sequences than the input has.
struct Resets {
    const bool* begins = nullptr;
    int batch = 0;

    constexpr bool at(const Extent& e, int t, int b) const {
        return begins[std::size_t(t) * std::size_t(batch) + std::size_t(e.first_column + b)];
    }
};

namespace detail {

/// A batch cut into its episodes, which are the sequences of another batch: the longest first, so that the valid ones
/// of a step are adjacent.
struct Episodes {
    Extent extent;
    const int* column = nullptr;                 // (T' B') the column of the batch; negative: padding
    const int* episode = nullptr;                // (T B) the column among the episodes; negative: padding
    const int* sequence = nullptr;               // (B') of an episode
    const int *first = nullptr, *last = nullptr; // (B) the first and the last episode of a sequence

    static Episodes of(auto& run, const Extent& e, const Resets& resets) {
        if (e.first_column + e.batch > resets.batch)
            fail(Error::Kind::argument, "rondo::Resets: expected those of " + std::to_string(e.first_column + e.batch) +
                                            " sequences, got " + std::to_string(resets.batch));
        int count = e.batch;
        for (int b = 0; b < e.batch; ++b)
            for (int t = 1; t < e.length(b); ++t) count += resets.at(e, t, b);
        int *const begin = run.take_lengths(count), *const sequence = run.take_lengths(count),
                   *const length = run.take_lengths(count), *const order = run.take_lengths(count),
                   *const sorted = run.take_lengths(count), *const sorted_sequence = run.take_lengths(count),
                   *const first = run.take_lengths(e.batch), *const last = run.take_lengths(e.batch);
        for (int b = 0, k = 0; b < e.batch; ++b) {
            first[b] = k;
            begin[k] = 0;
            for (int t = 1; t < e.length(b); ++t)
                if (resets.at(e, t, b)) begin[++k] = t;
            last[b] = k++;
            for (int n = first[b]; n < k; ++n) {
                sequence[n] = b;
                length[n] = (n + 1 < k ? begin[n + 1] : e.length(b)) - begin[n];
            }
        }
        for (int n = 0; n < count; ++n) order[n] = n;
        std::sort(order, order + count,
                  [&](int a, int b) { return length[a] > length[b] || (length[a] == length[b] && a < b); });

        Episodes all;
        for (int n = 0; n < count; ++n) {
            sorted[n] = length[order[n]];
            sorted_sequence[n] = sequence[order[n]];
        }
        all.extent = {count > 0 ? sorted[0] : 0, count, sorted};
        all.sequence = sorted_sequence;
        int *const column = run.take_lengths(int(all.extent.columns())),
                   *const episode = run.take_lengths(int(e.columns())), *const place = run.take_lengths(count);
        std::fill_n(column, all.extent.columns(), -1);
        std::fill_n(episode, e.columns(), -1);
        for (int n = 0; n < count; ++n) {
            const int from = begin[order[n]], b = sorted_sequence[n];
            place[order[n]] = n;
            for (int t = 0; t < sorted[n]; ++t) {
                column[t * count + n] = (from + t) * e.batch + b;
                episode[(from + t) * e.batch + b] = t * count + n;
            }
        }
        for (int b = 0; b < e.batch; ++b) {
            first[b] = place[first[b]];
            last[b] = place[last[b]];
        }
        all.column = column;
        all.episode = episode;
        all.first = first;
        all.last = last;
        return all;
    }
};

/// The columns of x in the order of `index`; `zeros`: padding is set to zero.
template <int Rows, class S>
SequenceView<std::remove_const_t<S>, Rows> gather_columns(auto& run, const SequenceView<S, Rows>& x, const int* index,
                                                          const Extent& e, bool zeros) {
    using Scalar = std::remove_const_t<S>;
    SequenceView<Scalar, Rows> y{run.take(std::size_t(Rows) * e.columns()), nullptr, e};
    run.note_lengths(e);
    if (x.gradient) y.gradient = run.take_zeros(y.size());
    run.execute(
        GatherColumns<Scalar>{x.value, x.gradient, y.value, y.gradient, index, std::size_t(Rows), e.columns(), zeros});
    return y;
}

/// A recurrent layer over sequences with resets, as its forward over their episodes, from `initial` to `final`.
template <class Layer, class S, int In, class States>
auto forward_episodes(auto& run, const SequenceView<const S, In>& x, const States& initial, const States& final,
                      const Resets& resets) {
    constexpr int count = States::count;
    const Extent& e = x.extent;
    run.check_extent(e);
    run.separate_columns();
    const Episodes all = Episodes::of(run, e, resets);
    const int episodes = all.extent.batch;
    // A direction that reads ahead begins in a sequence's first episode and ends in its last; the other one reversely.
    int *const from = run.take_lengths(count * episodes), *const to = run.take_lengths(count * e.batch);
    std::fill_n(from, count * episodes, -1);
    for (int index = 0; index < count; ++index) {
        const bool back = Layer::reversed || index % Layer::directions == 1;
        for (int b = 0; b < e.batch; ++b) {
            const int *const begins = back ? all.last : all.first, *const ends = back ? all.first : all.last;
            const bool resets_first = !back && e.length(b) > 0 && resets.at(e, 0, b);
            if (!resets_first) from[index * episodes + begins[b]] = index * e.batch + b;
            to[index * e.batch + b] = index * episodes + ends[b];
        }
    }
    States begin{.batch = episodes};
    for (int k = 0; k < States::components; ++k) {
        if (!initial.value[k]) continue;
        begin.value[k] = run.take(begin.size(k));
        if (run.taped()) begin.gradient[k] = run.take_zeros(begin.size(k));
        run.execute(GatherColumns<S>{initial.value[k], initial.gradient[k], begin.value[k], begin.gradient[k], from,
                                     std::size_t(States::units(k)), std::size_t(count) * std::size_t(episodes)});
    }
    const auto of_episodes = Layer::forward(
        run, static_cast<SequenceView<const S, In>>(gather_columns(run, x, all.column, all.extent, false)), begin);
    for (int k = 0; k < States::components; ++k)
        if (final.value[k])
            run.execute(GatherColumns<S>{of_episodes.final.value[k], of_episodes.final.gradient[k], final.value[k],
                                         final.gradient[k], to, std::size_t(States::units(k)),
                                         std::size_t(count) * std::size_t(e.batch)});
    return gather_columns(run, of_episodes.output, all.episode, e, true);
}

/// The same with final states of their own.
template <class Layer, class S, int In, class States>
auto forward_episodes(auto& run, const SequenceView<const S, In>& x, const States& initial, const Resets& resets) {
    if (initial.batch != x.extent.batch)
        fail(Error::Kind::argument, "rondo: the input is of " + std::to_string(x.extent.batch) +
                                        " sequences, the first states are of " + std::to_string(initial.batch));
    States final{.batch = x.extent.batch};
    for (int k = 0; k < States::components; ++k) {
        final.value[k] = run.take(final.size(k));
        if (run.taped()) final.gradient[k] = run.take_zeros(final.size(k));
    }
    const auto y = forward_episodes<Layer>(run, x, initial, final, resets);
    return Recurrence<std::remove_const_t<decltype(y)>, States>{y, final};
}

} // namespace detail
} // namespace rondo
