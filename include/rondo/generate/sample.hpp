// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "candidates.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Samples one token: the first candidate whose cumulative probability exceeds uniform times the sum of all.
///
/// Allocates nothing unless it fails.
/// Shapes  logits (V), scratch (V or more).
/// Units   uniform in [0, 1).
/// Errors  those of candidates; argument: uniform out of its range. Returns -1 then.
template <Logits Scores>
int sample(const Scores& scores, const Sampling& sampling, double uniform, std::span<Candidate> scratch,
           Error& error) noexcept {
    const auto choose = [&] {
        if (!(uniform >= 0 && uniform < 1)) {
            error = {Error::Kind::argument, "uniform: expected a number in [0, 1), got " + detail::to_text(uniform)};
            return -1;
        }
        const auto kept = candidates(scores, sampling, scratch, error);
        if (kept.empty()) return -1;
        const double target = uniform * detail::sum(kept);
        auto chosen = kept.begin();
        for (double mass = chosen->probability; mass <= target && chosen + 1 != kept.end();)
            mass += (++chosen)->probability;
        return chosen->token;
    };
    return no_throw(error, choose, -1);
}

template <Logits Scores>
int sample(const Scores& scores, const Sampling& sampling, double uniform, std::span<Candidate> scratch) {
    return or_fail([&](Error& error) { return sample(scores, sampling, uniform, scratch, error); });
}

/// Samples a sequence of tokens: equal seeds and logits give equal tokens.
///
/// To resume a sequence with the same tokens, set the count of a sampler with the same seed.
/// Errors  those of sample; a failed call is not counted.
class Sampler {
public:
    explicit Sampler(std::size_t vocabulary, Sampling sampling = {}, Seed seed = {})
        : sampling_{sampling}, seed_{seed}, scratch_(vocabulary) {}

    template <Logits Scores>
    int operator()(const Scores& logits, Error& error) noexcept {
        const double number = uniform(RandomStream{seed_, Purpose::sample, count_}.wide(0));
        const int token = sample(logits, sampling_, number, scratch_, error);
        if (token >= 0) ++count_;
        return token;
    }

    template <Logits Scores>
    int operator()(const Scores& logits) {
        return or_fail([&](Error& error) { return (*this)(logits, error); });
    }

    /// Tokens sampled so far.
    std::uint64_t count() const noexcept { return count_; }
    void count(std::uint64_t tokens) noexcept { count_ = tokens; }

private:
    Sampling sampling_;
    Seed seed_;
    std::uint64_t count_ = 0;
    std::vector<Candidate> scratch_;
};

} // namespace rondo
