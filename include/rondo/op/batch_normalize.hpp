// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// y = (x - mean) scale, times w and plus b if there are any, for each column
template <class S>
struct NormalizeFeatures {
    const S *x, *mean, *scale, *w, *b; // (rows x N), (rows); w null: without w and b
    S* y;                              // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P z = (part.load(x + column * rows + k) - part.load(mean + k)) * part.load(scale + k);
            part.store(y + column * rows + k, w ? math::fma(z, part.load(w + k), part.load(b + k)) : z);
        });
    }
};
/// p = x - mean, or its square
template <class S>
struct CenteredPower {
    const S *x, *mean; // (rows x N), (rows)
    S* p;              // (rows x N)
    std::size_t rows;
    bool squared;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P d = part.load(x + column * rows + k) - part.load(mean + k);
            part.store(p + column * rows + k, squared ? d * d : d);
        });
    }
};
/// p = dy (x - mean) scale
template <class S>
struct NormalizedProduct {
    const S *x, *dy, *mean, *scale; // (rows x N), (rows)
    S* p;                           // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            part.store(p + at, (part.load(x + at) - part.load(mean + k)) * part.load(scale + k) * part.load(dy + at));
        });
    }
};
/// dx += w scale (dy - (db + z dw) / n) with z = (x - mean) scale; without the sums over the batch if n is 0
template <class S>
struct NormalizeFeaturesGradient {
    const S *x, *dy, *mean, *scale, *w, *db, *dw; // (rows x N), (rows); w null: 1
    S* dx;                                        // (rows x N)
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const P part_of_sum(n > S(0) ? S(1) / n : S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = column * rows + k;
            const P inverse = part.load(scale + k);
            P d = part.load(dy + at);
            if (n > S(0)) {
                const P z = (part.load(x + at) - part.load(mean + k)) * inverse;
                d = d - math::fma(z, part.load(dw + k), part.load(db + k)) * part_of_sum;
            }
            const P factor = w ? part.load(w + k) * inverse : inverse;
            part.store(dx + at, math::fma(d, factor, part.load(dx + at)));
        });
    }
};
/// Functors for one call over all features, from sums to statistics.
template <class S>
struct MeanOfSum { // mean += sum / n
    const S* sum;
    S* mean;
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(mean + k, part.load(mean + k) + part.load(sum + k) / P(n));
        });
    }
};
template <class S>
struct ScaleOfSquares { // variance = squares / n, scale = 1 / sqrt(variance + eps)
    const S* squares;
    S *variance, *scale;
    std::size_t rows;
    S n, eps;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const P v = part.load(squares + k) / P(n);
            part.store(variance + k, v);
            part.store(scale + k, P(S(1)) / math::sqrt(v + P(eps)));
        });
    }
};
/// The sums that update_averages divides by their number of terms, and this number. The variance is the unbiased one.
template <class S>
struct AddStatistics {
    const S *mean, *variance;
    S *to_mean, *to_variance, *to_count;
    std::size_t rows;
    S n;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(to_mean + k, math::fma(part.load(mean + k), P(n), part.load(to_mean + k)));
            part.store(to_variance + k,
                       math::fma(part.load(variance + k), P(n * (n / (n - S(1)))), part.load(to_variance + k)));
        });
        *to_count += n;
    }
};
}

/// y = factor x + shift, feature by feature: a normalization by fixed statistics.
template <class S>
struct ScaleFeatures {
    const S *x, *factor, *shift; // (rows x N), (rows)
    S* y;                        // (rows x N)
    std::size_t rows, count;     // count: N
    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(*this, count);
    }
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(y + column * rows + k,
                       math::fma(part.load(x + column * rows + k), part.load(factor + k), part.load(shift + k)));
        });
    }
};

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
            const int* lengths = valid_lengths(run, room.lengths);
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
        const int* lengths = valid_lengths(run, room.lengths);
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
    template <class Run>
    const int* valid_lengths(Run& run, int* to) const {
        if constexpr (Run::whole) return run.lengths(x.extent, to);
        else return x.extent.lengths;
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
