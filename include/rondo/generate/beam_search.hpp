// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/range.hpp"
#include "candidates.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of beam_search.
///
/// width           hypotheses in the beam; 1 is greedy search.
/// longest         maximum number of tokens of a hypothesis, including its end token.
/// begin, end      the first token of each hypothesis, and the token that ends it.
/// length_penalty  0: hypotheses are ranked by probability; larger values favour longer ones.
/// best            maximum number of hypotheses to return.
///
/// Errors  problem() names a width, longest or best below 1, a token below 0, a length_penalty that is negative or not
///         finite.
struct BeamSearch {
    int width = 5;
    int longest = 100;
    int begin = 0, end = 1;
    double length_penalty = 0;
    int best = 1;

    bool operator==(const BeamSearch&) const = default;

    Error problem() const {
        const auto below = [](const char* name, int value, int least) -> Error {
            if (value >= least) return {};
            return {Error::Kind::argument, "rondo::BeamSearch: " + std::string{name} + ": expected " +
                                               std::to_string(least) + " or more, got " + std::to_string(value)};
        };
        if (Error error = below("width", width, 1)) return error;
        if (Error error = below("longest", longest, 1)) return error;
        if (Error error = below("begin", begin, 0)) return error;
        if (Error error = below("end", end, 0)) return error;
        if (Error error = below("best", best, 1)) return error;
        if (!(length_penalty >= 0 && length_penalty <= (std::numeric_limits<double>::max)()))
            return {Error::Kind::argument,
                    "rondo::BeamSearch: length_penalty: expected a finite number of 0 or more, got " +
                        detail::to_text(length_penalty)};
        return {};
    }
};

/// A result of beam_search; an unfinished one had no end token when the search ended.
struct Hypothesis {
    std::vector<int> tokens; // without begin and end
    double log_probability = 0, score = 0;
    bool finished = false;
    bool operator==(const Hypothesis&) const = default;
};

/// A function that returns the logits of all rows of a beam: step(parents, tokens).
template <class Step>
concept BeamStep = requires(Step& step, std::span<const int> rows) {
    { step(rows, rows) } -> Logits;
};

namespace detail {

class Beam {
public:
    explicit Beam(const BeamSearch& search)
        : search_{search}, parents_(std::size_t(search.width)), tokens_(std::size_t(search.width), search.begin),
          nodes_(1), live_(1) {}

    std::span<const int> parents() const { return parents_; }
    std::span<const int> tokens() const { return tokens_; }

    /// Eq. (1) and (2): the `width` best continuations. Those that end leave the beam, the others are the rows of the
    /// next step.
    template <class S>
    void choose(std::span<const S> logits) {
        const std::size_t size = vocabulary(logits.size());
        extensions_.clear();
        for (std::size_t row = 0; row < live_.size(); ++row) offer(row, logits.subspan(row * size, size));
        range::sort(extensions_, better);
        ++length_;
        next_.clear();
        for (const Extension& extension : extensions_) {
            const Live& before = live_[extension.row];
            if (extension.token == search_.end) {
                finish({before.node, extension.log_probability}, length_);
                continue;
            }
            parents_[next_.size()] = int(extension.row);
            tokens_[next_.size()] = extension.token;
            next_.push_back({nodes_.size(), extension.log_probability});
            nodes_.push_back({before.node, extension.token});
        }
        live_.swap(next_);
        // Unused rows repeat the first.
        std::fill(parents_.begin() + std::ptrdiff_t(live_.size()), parents_.end(), parents_.front());
        std::fill(tokens_.begin() + std::ptrdiff_t(live_.size()), tokens_.end(), tokens_.front());
    }

    /// Whether the search can still find a hypothesis that is among the best. Log probabilities only decrease, so the
    /// upper bound is the score of the likeliest live hypothesis at the length with the largest divisor.
    bool open() const {
        if (live_.empty() || length_ >= search_.longest) return false;
        return finished_.size() < std::size_t(search_.best) ||
               score(live_.front().log_probability, search_.longest) > finished_.back().score;
    }

    std::vector<Hypothesis> results() const {
        std::vector<Hypothesis> all;
        for (const Ended& ended : finished_) all.push_back(result(ended.live, ended.score, true));
        for (const Live& live : live_)
            if (all.size() < std::size_t(search_.best))
                all.push_back(result(live, score(live.log_probability, length_), false));
        return all;
    }

private:
    struct Node { // a token and its prefix
        std::size_t before = 0;
        int token = 0;
    };
    struct Live {
        std::size_t node = 0;
        double log_probability = 0;
    };
    struct Ended {
        Live live;
        double score = 0;
    };
    // A hypothesis of `live_`, by its row, followed by a token.
    struct Extension {
        double log_probability, logit;
        std::size_t row;
        int token;
    };

    // Ties go to the first; within one row to the larger logit, even if rounding made the log probabilities equal.
    static bool better(const Extension& a, const Extension& b) {
        if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
        if (a.row != b.row) return a.row < b.row;
        return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
    }

    // Eq. (3).
    double score(double log_probability, int length) const {
        return log_probability / std::pow((5.0 + length) / 6.0, search_.length_penalty);
    }

    std::size_t vocabulary(std::size_t logits) {
        const auto width = std::size_t(search_.width);
        if (vocabulary_ == 0) {
            if (logits == 0 || logits % width != 0)
                fail(Error::Kind::argument, "rondo::beam_search: expected logits of " + std::to_string(width) +
                                                " rows, got " + std::to_string(logits) + " numbers");
            vocabulary_ = logits / width;
            if (std::size_t(search_.end) >= vocabulary_)
                fail(Error::Kind::argument, "rondo::beam_search: end: expected a token from 0 to " +
                                                std::to_string(vocabulary_ - 1) + ", got " +
                                                std::to_string(search_.end));
        }
        if (logits != vocabulary_ * width)
            fail(Error::Kind::argument, "rondo::beam_search: expected " + std::to_string(vocabulary_ * width) +
                                            " logits, as before, got " + std::to_string(logits));
        return vocabulary_;
    }

    template <class S>
    void offer(std::size_t row, std::span<const S> logits) {
        double largest = -std::numeric_limits<double>::infinity(), sum = 0;
        for (std::size_t i = 0; i < logits.size(); ++i) {
            const auto logit = double(logits[i]);
            if (!(logit <= (std::numeric_limits<double>::max)()))
                fail(Error::Kind::not_finite, "rondo::beam_search: logits: expected a finite number or -inf in row " +
                                                  std::to_string(row) + " at index " + std::to_string(i) + ", got " +
                                                  (std::isnan(logit) ? "nan" : "inf"));
            largest = (std::max)(largest, logit);
        }
        if (std::isinf(largest)) return; // no token may be chosen
        for (const S logit : logits) sum += std::exp(double(logit) - largest);
        const double log_sum = std::log(sum);
        for (std::size_t i = 0; i < logits.size(); ++i) {
            const auto logit = double(logits[i]);
            const Extension extension{live_[row].log_probability + (logit - largest - log_sum), logit, row, int(i)};
            if (std::isinf(extension.log_probability)) continue;
            const bool full = extensions_.size() == std::size_t(search_.width);
            if (full && !better(extension, extensions_.front())) continue;
            if (full) {
                std::pop_heap(extensions_.begin(), extensions_.end(), better); // the worst of them
                extensions_.pop_back();
            }
            extensions_.push_back(extension);
            std::push_heap(extensions_.begin(), extensions_.end(), better);
        }
    }

    void finish(Live live, int length) {
        const Ended ended{live, score(live.log_probability, length)};
        finished_.insert(range::upper_bound(finished_, ended.score, range::Greater{}, &Ended::score), ended);
        if (finished_.size() > std::size_t(search_.best)) finished_.pop_back();
    }

    Hypothesis result(const Live& live, double score, bool finished) const {
        Hypothesis found{{}, live.log_probability, score, finished};
        for (std::size_t node = live.node; node > 0; node = nodes_[node].before)
            found.tokens.push_back(nodes_[node].token);
        std::reverse(found.tokens.begin(), found.tokens.end());
        return found;
    }

    BeamSearch search_;
    std::vector<int> parents_, tokens_;
    std::vector<Node> nodes_;           // the first is the begin token
    std::vector<Live> live_, next_;     // likeliest first, one per row
    std::vector<Ended> finished_;       // best first
    std::vector<Extension> extensions_; // a heap, the worst first
    std::size_t vocabulary_ = 0;
    int length_ = 0;
};

} // namespace detail

/// Beam search for the sequences of tokens with the best scores: of all continuations of the `width` hypotheses in the
/// beam, the `width` likeliest form the next beam.
///
///   log p(y_t | y_<t) = z_t,i - max z_t - ln sum_j exp(z_t,j - max z_t),  i = y_t                        (1)
///   log p(y)          = sum_t log p(y_t | y_<t)                                                          (2)
///   score(y)          = log p(y) / ((5 + length) / 6)^length_penalty,  the end token counted in length   (3)
///
/// `step(parents, tokens)` returns the logits z of all rows: row n continues the hypothesis that was in row parents[n]
/// by tokens[n], so a network's state is copied from row parents[n] to row n. In the first call all tokens are `begin`,
/// all parents are 0, and only row 0 of the result is read; in later calls unused rows have the arguments of row 0, and
/// their results are not read.
///
///   const auto found = beam_search({.width = 5, .begin = 1, .end = 2}, [&](auto parents, auto tokens) { ... });
///
/// A hypothesis that chooses `end` is finished and leaves the beam. The search ends when no hypothesis in the beam can
/// beat the `best` finished ones, or after `longest` tokens; unfinished ones are then ranked after all finished ones. A
/// hypothesis without a possible token (all of its logits are -infinity) is dropped. Returns up to `best` hypotheses,
/// best first. Ties go to the one found first, and within a step to the lower row, then the lower token, so that
/// results are the same on every platform.
///
/// Shapes  parents and tokens (width); logits (V x width), row n at n V, V the same in all steps.
/// Units   scores and log probabilities in nats; -infinity forbids a token.
/// Errors  those of BeamSearch; logits that are not V for each row, an end token that is not below V; not_finite: a
///         logit that is NaN or +infinity. Exceptions of step are passed on.
/// Memory  width nodes a step. The logits are in memory of step.
/// Source  Wu et al., "Google's neural machine translation system: bridging the gap between human and machine
///         translation", arXiv:1609.08144 (2016), eq. 14, without its coverage penalty.
template <BeamStep Step>
std::vector<Hypothesis> beam_search(const BeamSearch& search, Step&& step) {
    (check)(search.problem());
    detail::Beam beam{search};
    do {
        const auto& answer = step(beam.parents(), beam.tokens());
        const std::span logits{answer};
        beam.choose(std::span<const typename decltype(logits)::value_type>{logits});
    } while (beam.open());
    return beam.results();
}

} // namespace rondo
