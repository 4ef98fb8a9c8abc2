// SPDX-License-Identifier: MIT
#pragma once

#include "../core/random.hpp"
#include "../core/view.hpp"
#include "dropout.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The probability with which a decoder in training reads its own prediction instead of the target token: it rises
/// linearly from 0 at step 0 to `most` at step `over`, and stays there.
///
/// Source  Bengio, Vinyals, Jaitly & Shazeer, "Scheduled sampling for sequence prediction with recurrent neural
///         networks" (2015), arXiv:1506.03099, section 2.4: linear decay.
struct ScheduledSampling {
    Rate most{};
    int over = 1;
    constexpr bool valid() const { return most.valid() && over > 0; }
    constexpr double rate(std::uint64_t step) const {
        return most.value() * (std::min)(1.0, double(step) / double(over));
    }
    bool operator==(const ScheduledSampling&) const = default;
};

namespace detail {
template <class S>
struct OwnOrGiven {
    const S* scores;
    const int* given;
    int* token;
    std::size_t rows;
    std::uint32_t first_step, first_column;
    StepRandomStream draw;
    double rate;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        if (double(uniform(draw.now().block(0, first_column + std::uint32_t(n), first_step)[0])) >= rate) {
            token[n] = given[n];
            return;
        }
        std::size_t best = 0;
        for (std::size_t k = 1; k < rows; ++k)
            if (scores[n * rows + k] > scores[n * rows + best]) best = k;
        token[n] = int(best);
    }
};
}

/// The operation that chooses each column's token; it has no backward.
template <class S>
struct OwnOrGivenOperation {
    detail::OwnOrGiven<S> choose;
    std::size_t columns;

    template <class Context>
    void forward(Context& context) const {
        context.backend().columns(choose, columns);
    }
};

/// The tokens that a decoder reads at one step. In training, each given token is replaced with probability
/// sampling.rate(step) by the one of the highest score, without a gradient; otherwise the given tokens.
///
/// Shapes  scores (Vocabulary x B), given (1 x B).
template <class Run, class S, int Vocabulary>
Tokens own_or_given(Run& run, const SequenceView<S, Vocabulary>& scores, const Tokens& given,
                    const ScheduledSampling& sampling, const StepRandomStream& draw) {
    if constexpr (Run::differentiable) {
        if (!run.taped() || !run.drops()) return given;
        const Extent& e = given.extent;
        int* const tokens = run.take_tokens(given.columns());
        run.execute(OwnOrGivenOperation<std::remove_const_t<S>>{
            {scores.value, given.value, tokens, Vocabulary, std::uint32_t(e.first_step), std::uint32_t(e.first_column),
             draw, sampling.rate(run.randomness().step)},
            given.columns()});
        return {tokens, nullptr, e};
    }
    return given;
}

} // namespace rondo
