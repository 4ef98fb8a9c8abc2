// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "candidates.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// How a likely sequence of tokens is searched for.
///
/// width           hypotheses that are followed side by side; 1 is the greedy choice.
/// longest         tokens of a hypothesis at most, its end token counted.
/// begin, end      what each hypothesis begins with, and what ends it.
/// length_penalty  0: the likeliest wins; the larger, the better the chances of long ones.
/// best            how many are wanted.
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
                        detail::sampling_text(length_penalty)};
        return {};
    }
};

/// What a search found; one that is not finished had no end token when the search ended.
struct Hypothesis {
    std::vector<int> tokens; // without begin and end
    double log_probability = 0, score = 0;
    bool finished = false;
    bool operator==(const Hypothesis&) const = default;
};

/// What gives the logits of all rows of a beam: step(parents, tokens).
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

    /// Eq. (1) and (2): the `width` best ways to go on. Those that end have left, the others are the rows of the next.
    template <class S>
    void choose(std::span<const S> logits) {
        const std::size_t size = vocabulary(logits.size());
        ways_.clear();
        for (std::size_t row = 0; row < live_.size(); ++row) offer(row, logits.subspan(row * size, size));
        std::ranges::sort(ways_, better);
        ++length_;
        next_.clear();
        for (const Way& way : ways_) {
            const Live& before = live_[way.row];
            if (way.token == search_.end) {
                finish({before.node, way.log_probability}, length_);
                continue;
            }
            parents_[next_.size()] = int(way.row);
            tokens_[next_.size()] = way.token;
            next_.push_back({nodes_.size(), way.log_probability});
            nodes_.push_back({before.node, way.token});
        }
        live_.swap(next_);
        // Rows that are left over do what the first does.
        std::fill(parents_.begin() + std::ptrdiff_t(live_.size()), parents_.end(), parents_.front());
        std::fill(tokens_.begin() + std::ptrdiff_t(live_.size()), tokens_.end(), tokens_.front());
    }

    /// Whether a hypothesis may yet be found that is among the best. None gets likelier, so the first is the one that
    /// may come furthest, at the length that divides it by most.
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
    struct Node { // a token and what stands before it
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
    struct Way {
        double log_probability, logit;
        std::size_t row;
        int token;
    };

    // Of equally likely ones the first; in one row the larger logit, though their difference was rounded away.
    static bool better(const Way& a, const Way& b) {
        return std::tuple{-a.log_probability, a.row, -a.logit, a.token} <
               std::tuple{-b.log_probability, b.row, -b.logit, b.token};
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
            const Way way{live_[row].log_probability + (logit - largest - log_sum), logit, row, int(i)};
            if (std::isinf(way.log_probability)) continue;
            const bool full = ways_.size() == std::size_t(search_.width);
            if (full && !better(way, ways_.front())) continue;
            if (full) {
                std::ranges::pop_heap(ways_, better); // the worst of them
                ways_.pop_back();
            }
            ways_.push_back(way);
            std::ranges::push_heap(ways_, better);
        }
    }

    void finish(Live live, int length) {
        const Ended ended{live, score(live.log_probability, length)};
        finished_.insert(std::ranges::upper_bound(finished_, ended.score, std::ranges::greater{}, &Ended::score),
                         ended);
        if (finished_.size() > std::size_t(search_.best)) finished_.pop_back();
    }

    Hypothesis result(const Live& live, double score, bool finished) const {
        Hypothesis found{{}, live.log_probability, score, finished};
        for (std::size_t node = live.node; node > 0; node = nodes_[node].before)
            found.tokens.push_back(nodes_[node].token);
        std::ranges::reverse(found.tokens);
        return found;
    }

    BeamSearch search_;
    std::vector<int> parents_, tokens_;
    std::vector<Node> nodes_;       // the first is the begin token
    std::vector<Live> live_, next_; // likeliest first, one a row
    std::vector<Ended> finished_;   // best first
    std::vector<Way> ways_;         // a heap, the worst first
    std::size_t vocabulary_ = 0;
    int length_ = 0;
};

} // namespace detail

/// The sequences of tokens that score best among those that a beam finds: of all ways to go on from the `width`
/// hypotheses that it follows, the `width` likeliest are followed next.
///
///   log p(y_t | y_<t) = z_t,i - max z_t - ln sum_j exp(z_t,j - max z_t),  i = y_t                        (1)
///   log p(y)          = sum_t log p(y_t | y_<t)                                                          (2)
///   score(y)          = log p(y) / ((5 + length) / 6)^length_penalty,  the end token counted in length   (3)
///
/// `step(parents, tokens)` gives the logits z of all rows: row n goes on from what row parents[n] was before, having
/// now chosen tokens[n]. In its first call all tokens are `begin`, all parents 0, and only row 0 of the answer is read;
/// rows of later calls that no hypothesis needs are given what row 0 is given, and are not read. A network's states are
/// copied from row to row accordingly.
///
///   const auto found = beam_search({.width = 5, .begin = 1, .end = 2}, [&](auto parents, auto tokens) { ... });
///
/// A hypothesis that chooses `end` is finished and leaves the beam. The search ends when none that is left can beat the
/// `best` finished ones, or after `longest` tokens: then unfinished ones count too, after all the finished. One that
/// may choose no token (all of its logits are -infinity) is dropped. Returned are up to `best`, best first; of equals
/// the one found first, and in one step that of the lower row, then token, so that results are the same everywhere.
///
/// Shapes  parents and tokens (width); logits (V x width), row n at n V, V the same in all steps.
/// Units   scores and log probabilities in nats; -infinity forbids a token.
/// Errors  those of BeamSearch; logits that are not V for each row, an end token that is not below V; not_finite: a
///         logit that is NaN or +infinity. What step throws comes out.
/// Memory  width nodes a step, and the logits are step's.
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
