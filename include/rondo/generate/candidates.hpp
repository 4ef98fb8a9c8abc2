// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One score for each token, contiguous in memory. Minus infinity forbids a token.
template <class Scores>
concept Logits =
    requires(const Scores& scores) { requires std::floating_point<typename decltype(std::span{scores})::value_type>; };

/// How a token is sampled. A temperature of 0 is greedy, a top_k of 0 and a top_p of 1 keep all tokens.
///
/// Errors  problem() names a temperature that is negative or not finite, a top_k below 0, a top_p outside (0, 1].
struct Sampling {
    double temperature = 1;
    int top_k = 0;
    double top_p = 1;

    bool operator==(const Sampling&) const = default;

    Error problem() const {
        using detail::to_text;
        if (!(temperature >= 0 && temperature <= (std::numeric_limits<double>::max)()))
            return {Error::Kind::argument,
                    "temperature: expected a finite number of 0 or more, got " + to_text(temperature)};
        if (top_k < 0) return {Error::Kind::argument, "top_k: expected 0 (off) or more, got " + std::to_string(top_k)};
        if (!(top_p > 0 && top_p <= 1))
            return {Error::Kind::argument, "top_p: expected a number in (0, 1], got " + to_text(top_p)};
        return {};
    }
};

/// A token that can be sampled.
struct Candidate {
    int token = 0;
    double probability = 0;
    bool operator==(const Candidate&) const = default;
};

/// The token of the largest logit; ties go to the first.
///
/// Errors  argument: no logits. not_finite: a logit that is NaN or +infinity, or none above -infinity. Returns -1 then.
template <Logits Scores>
int greedy(const Scores& scores, Error& error) noexcept {
    const auto choose = [&] {
        const std::span logits{scores};
        if (logits.empty()) {
            error = {Error::Kind::argument, "logits: expected one for each token, got none"};
            return -1;
        }
        std::size_t best = 0;
        for (std::size_t i = 0; i < logits.size(); ++i) {
            if (!(logits[i] <= (std::numeric_limits<double>::max)())) {
                error = {Error::Kind::not_finite, "logits: expected a finite number or -inf at index " +
                                                      std::to_string(i) + ", got " +
                                                      (std::isnan(logits[i]) ? "nan" : "inf")};
                return -1;
            }
            if (logits[i] > logits[best]) best = i;
        }
        if (std::isinf(logits[best])) {
            error = {Error::Kind::not_finite, "logits: expected a finite number among them, got -inf from index 0 to " +
                                                  std::to_string(logits.size() - 1)};
            return -1;
        }
        return static_cast<int>(best);
    };
    return no_throw(error, choose, -1);
}

template <Logits Scores>
int greedy(const Scores& scores) {
    return or_fail([&](Error& error) { return greedy(scores, error); });
}

namespace detail {

inline double sum(std::span<const Candidate> candidates) noexcept {
    double total = 0;
    for (const Candidate& candidate : candidates) total += candidate.probability;
    return total;
}

// The `most` likeliest tokens, or the fewest of them that have the fraction top_p of their probability, in order of
// token. They are popped from a heap to the back of the range, which is cheaper than sorting a whole vocabulary for a
// few tokens.
template <class Logit>
std::span<Candidate> likeliest(std::span<const Logit> logits, std::span<Candidate> all, std::size_t most,
                               double top_p) noexcept {
    const auto less = [&](const Candidate& a, const Candidate& b) {
        const Logit left = logits[static_cast<std::size_t>(a.token)], right = logits[static_cast<std::size_t>(b.token)];
        return left != right ? left < right : a.token > b.token;
    };
    const bool choose_k = most < all.size();
    double total = choose_k ? 0 : sum(all);
    std::make_heap(all.begin(), all.end(), less);
    auto heap_end = all.end();
    const auto pop = [&] {
        std::pop_heap(all.begin(), heap_end, less);
        return (--heap_end)->probability;
    };
    if (choose_k)
        for (std::size_t rank = 0; rank < most; ++rank) total += pop();
    std::size_t kept = most;
    if (top_p < 1) {
        kept = 0;
        for (double mass = 0; kept < most && mass < top_p * total; ++kept)
            mass += choose_k ? all[all.size() - 1 - kept].probability : pop();
    }
    const auto result = all.last(kept);
    std::sort(result.begin(), result.end(), [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
    return result;
}

} // namespace detail

/// The tokens that can be sampled, in ascending order, with their probabilities.
///
///   w_i = exp((z_i - max z) / temperature)                                                          (1)
///   K   = the top_k tokens of largest z, ties to the first; all if top_k is 0                       (2)
///   N   = the smallest set of the likeliest tokens of K with sum_N w >= top_p sum_K w               (3)
///   p_i = w_i / sum_N w for i in N                                                                  (4)
///
/// At temperature 0 the result is the greedy token only. A logit of -infinity has probability 0. The result is a view
/// of `scratch`.
/// Shapes  logits (V), scratch (V or more).
/// Errors  those of Sampling and greedy; argument: scratch smaller than the logits. The result is empty then.
/// Source  Holtzman, Buys, Du, Forbes, Choi, "The curious case of neural text degeneration", ICLR 2020, section 3.1.
template <Logits Scores>
std::span<Candidate> candidates(const Scores& scores, const Sampling& sampling, std::span<Candidate> scratch,
                                Error& error) noexcept {
    return no_throw(error, [&]() -> std::span<Candidate> {
        const std::span<const typename decltype(std::span{scores})::value_type> logits{scores};
        if (Error found = sampling.problem()) {
            error = std::move(found);
            return {};
        }
        if (scratch.size() < logits.size()) {
            error = {Error::Kind::argument, "scratch: expected room for " + std::to_string(logits.size()) +
                                                " candidates, got " + std::to_string(scratch.size())};
            return {};
        }
        const int best = greedy(logits, error);
        if (best < 0) return {};
        if (sampling.temperature == 0) {
            scratch[0] = {best, 1};
            return scratch.first(1);
        }

        const double largest = static_cast<double>(logits[static_cast<std::size_t>(best)]);
        auto kept = scratch.first(logits.size());
        for (std::size_t i = 0; i < logits.size(); ++i)
            kept[i] = {static_cast<int>(i),
                       std::exp((static_cast<double>(logits[i]) - largest) / sampling.temperature)};

        const auto top_k = static_cast<std::size_t>(sampling.top_k);
        const std::size_t most = top_k > 0 ? (std::min)(top_k, kept.size()) : kept.size();
        if (most < kept.size() || sampling.top_p < 1) kept = detail::likeliest(logits, kept, most, sampling.top_p);
        const double total = detail::sum(kept);
        for (Candidate& candidate : kept) candidate.probability /= total;
        return kept;
    });
}

template <Logits Scores>
std::span<Candidate> candidates(const Scores& scores, const Sampling& sampling, std::span<Candidate> scratch) {
    return or_fail([&](Error& error) { return candidates(scores, sampling, scratch, error); });
}

} // namespace rondo
