// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/view.hpp"
#include "../simd/exp_column.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cmath>
#include <cstddef>

// The sum over all alignments of a sequence of labels with the steps of a sequence: the operation of CTC.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Log of a probability of zero: finite, so that differences are, and so far below all others that sums keep it.
template <class S> inline constexpr S log_zero = S(-1e30);

/// log(exp a + exp b).
template <class P>
RONDO_HOST_DEVICE P log_add(P a, P b) {
    const P apart = a - b;
    return (math::max)(a, b) + math::log1p(math::exp((math::min)(apart, -apart)));
}

/// The log of the sum of exp y, of each column.
template <class S>
struct LogSums {
    const S* y; // (rows x columns)
    S* to;      // (columns)
    std::size_t rows;

    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const auto [top, sum] = exp_column<P>(y + n * rows, rows, [](PartialPack<P>, std::size_t, P) {});
        to[n] = std::log(sum) + top;
    }
};

/// One sequence's loss and, if there is a gradient, the part of it that depends on the alignments.
///
/// The states are the labels with a blank before, between and behind them: 2 U + 1. alpha(t, s) is the log of the
/// probability of all alignments of the steps up to t that end in state s, beta(t, s) of those of the steps after t
/// that begin there. The largest of each step is subtracted, so that long sequences keep their precision.
template <class S>
struct CTCAlignments {
    const S* y;                      // (rows x T B)
    S* gradient;                     // null: none
    const S* log_sums;               // (T B)
    const int* labels;               // (U B)
    const S* weight;                 // (B), of each sequence; null: all 1
    const int *steps_of, *labels_of; // of each sequence; null: all steps, all labels
    S *each, *scales;                // (B) the loss, and the scale of the gradient; 0: none
    S* room;                         // (size() x B), or of one sequence if they are computed one after the other
    std::size_t rows, batch, steps, most_labels;
    int blank;
    bool zero_infinity, together; // together: with memory for each
    S scale;

    /// Memory for one sequence: rows of states with two that are impossible on each side.
    RONDO_HOST_DEVICE static constexpr std::size_t width(std::size_t labels) { return 2 * labels + 5; }
    RONDO_HOST_DEVICE static constexpr std::size_t size(std::size_t steps, std::size_t labels, bool gradients) {
        return (3 + (gradients ? steps : 2)) * width(labels);
    }

    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t T = steps_of ? std::size_t(steps_of[n]) : steps,
                          U = labels_of ? std::size_t(labels_of[n]) : most_labels;
        scales[n] = 0;
        S scaled = scale / S(U > 0 ? U : 1);
        if (weight) {
            if (weight[n] == 0) return;
            scaled *= weight[n];
        }
        const Rows at{room + (together ? n * size(steps, most_labels, gradient != nullptr) : 0), width(most_labels),
                      2 * U + 1, gradient ? T : 2};
        at.clear(at.skip());
        for (std::size_t s = 3; s < at.count; s += 2)
            at.skip()[s] = label(n, s / 2) == label(n, s / 2 - 1) ? log_zero<S> : S(0);
        const S loss = T > 0 ? forward<P>(n, T, at) : U > 0 ? -log_zero<S> : S(0);
        if (loss > S(-0.1) * log_zero<S>) { // no alignment
            each[n] = zero_infinity ? S(0) : -minus_infinity<S>;
            return;
        }
        each[n] = scaled * loss;
        if (!gradient) return;
        scales[n] = scaled;
        if (T > 0) backward<P>(n, T, at, scaled);
    }

private:
    // The rows in one sequence's memory: which states can be reached past a blank, a step's emissions, beta, alpha.
    struct Rows {
        S* room;
        std::size_t width, count, kept;

        RONDO_HOST_DEVICE S* row(std::size_t k) const { return room + k * width + 2; }
        RONDO_HOST_DEVICE S* skip() const { return row(0); }
        RONDO_HOST_DEVICE S* emission() const { return row(1); }
        RONDO_HOST_DEVICE S* beta() const { return row(2); }
        RONDO_HOST_DEVICE S* alpha(std::size_t t) const { return row(3 + t % kept); }
        RONDO_HOST_DEVICE void clear(S* row) const {
            for (std::size_t k = 0; k < count + 4; ++k) *(row - 2 + k) = log_zero<S>;
        }
    };
    RONDO_HOST_DEVICE int label(std::size_t n, std::size_t u) const { return labels[u * batch + n]; }
    RONDO_HOST_DEVICE void write_emissions(std::size_t n, std::size_t t, const Rows& at) const {
        const std::size_t column = t * batch + n;
        const S *const from = y + column * rows, sum = log_sums[column];
        S* const to = at.emission();
        const S of_blank = (math::max)(log_zero<S>, from[blank] - sum); // NaN stays NaN
        for (std::size_t s = 0; s < at.count; ++s)
            to[s] = s % 2 == 0 ? of_blank : (math::max)(log_zero<S>, from[label(n, s / 2)] - sum);
    }
    // Subtracts a row's largest number, and returns it.
    template <class P>
    RONDO_HOST_DEVICE static S normalize(S* row, std::size_t count) {
        P most(log_zero<S>);
        for_each_pack<P>(count, [&](PartialPack<P> part, std::size_t k) {
            most = (math::max)(part.load(row + k, log_zero<S>), most);
        });
        const S top = math::greatest(most);
        for_each_pack<P>(count,
                         [&](PartialPack<P> part, std::size_t k) { part.store(row + k, part.load(row + k) - P(top)); });
        return top;
    }
    /// Computes alpha; returns -log p.
    template <class P>
    RONDO_HOST_DEVICE S forward(std::size_t n, std::size_t T, const Rows& at) const {
        double total = 0;
        for (std::size_t t = 0; t < T; ++t) {
            S* const alpha = at.alpha(t);
            const S* const emission = at.emission();
            write_emissions(n, t, at);
            at.clear(alpha);
            if (t == 0) {
                alpha[0] = emission[0];
                if (at.count > 1) alpha[1] = emission[1];
            } else {
                const S *const before = at.alpha(t - 1), *const skip = at.skip();
                for_each_pack<P>(at.count, [&](PartialPack<P> part, std::size_t k) {
                    const P skipped = part.load(before + k - 2) + part.load(skip + k);
                    const P sum = log_add(log_add(part.load(before + k), part.load(before + k - 1)), skipped);
                    part.store(alpha + k, sum + part.load(emission + k));
                });
            }
            total += double(normalize<P>(alpha, at.count));
        }
        const S* const last = at.alpha(T - 1) + at.count - 1;
        return S(-(double(log_add(last[0], last[-1])) + total));
    }
    // Subtracts scale times the probability of each label in each step.
    template <class P>
    RONDO_HOST_DEVICE void backward(std::size_t n, std::size_t T, const Rows& at, S scaled) const {
        S* const beta = at.beta();
        const S *const skip = at.skip(), *const emission = at.emission();
        at.clear(beta);
        beta[at.count - 1] = 0;
        if (at.count > 1) beta[at.count - 2] = 0;
        for (std::size_t t = T; t-- > 0;) {
            if (t + 1 < T) // in place: states from k on are read before k is written
                for_each_pack<P>(at.count, [&](PartialPack<P> part, std::size_t k) {
                    const P skipped = part.load(beta + k + 2) + part.load(skip + k + 2);
                    part.store(beta + k, log_add(log_add(part.load(beta + k), part.load(beta + k + 1)), skipped));
                });
            S* const both = at.alpha(t);
            for_each_pack<P>(at.count, [&](PartialPack<P> part, std::size_t k) {
                part.store(both + k, part.load(both + k) + part.load(beta + k));
            });
            const auto [top, sum] = exp_column<P>(
                both, at.count, [&](PartialPack<P> part, std::size_t k, P e) { part.store(both + k, e); });
            S* const to = gradient + (t * batch + n) * rows;
            const S each_part = scaled / sum;
            for (std::size_t s = 0; s < at.count; ++s) to[s % 2 == 0 ? blank : label(n, s / 2)] -= each_part * both[s];
            write_emissions(n, t, at);
            for_each_pack<P>(at.count, [&](PartialPack<P> part, std::size_t k) {
                part.store(beta + k, part.load(beta + k) + part.load(emission + k));
            });
            normalize<P>(beta, at.count);
        }
    }
};

/// Adds a sequence's scale times softmax(y), the part of the gradient that does not depend on the labels.
template <class S>
struct AddSoftmax {
    const S* y; // (rows x T B)
    S* gradient;
    const S *log_sums, *scales; // (T B), (B)
    std::size_t rows, batch, first;

    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        const std::size_t column = first + k;
        const S scale = scales[column % batch];
        if (scale == 0) return;
        const P sum(log_sums[column]), by(scale);
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t r) {
            const std::size_t at = column * rows + r;
            part.store(gradient + at, math::fma(by, math::exp(part.load(y + at) - sum), part.load(gradient + at)));
        });
    }
};

} // namespace rondo::detail
