// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/view.hpp"
#include "../graph/op_context.hpp"
#include "lookup_gradient.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of an embedding: column n of y is row x[n] of the table.
template <class S>
struct Lookup {
    Tokens x;                 // (T B)
    DynamicSequenceView<S> y; // (Size x T B)
    Parameter<S> table;       // (vocabulary x Size)
    int vocabulary, padding;
    int* active; // (T B) memory for the tokens with padding marked, if the backend TakesAllTokens; null: no padding

    template <class Run>
    static constexpr bool takes_all = TakesAllTokens<typename Run::backend_type>;

    std::array<ParameterTensor, 1> parameters() const {
        return {ParameterTensor{table.offset, std::size_t(vocabulary) * y.rows}};
    }

    template <class B>
    void forward_scratch(Scratch<B>& scratch) const {
        if constexpr (TakesAllTokens<B>) scratch.take_lengths(x.extent);
    }
    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        if constexpr (takes_all<Run>) {
            auto scratch = run.scratch();
            const int* until = run.lengths(x.extent, scratch.take_lengths(x.extent));
            if (active) backend.active_tokens(active, x.value, x.columns(), until, x.extent.batch);
            backend.gather(y.matrix(), table.value, active ? active : x.value);
        } else {
            if (x.extent.lengths) backend.fill(y.value, y.size(), S(0));
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                backend.gather(y.matrix(first, count), table.value, x.value + first);
            });
        }
    }
    template <class Run>
    void backward(Run& run) const {
        S* gradient = run.gradient(table);
        if (!gradient) return;
        if constexpr (takes_all<Run>) {
            run.backend().scatter_add(gradient, y.gradients(), active ? active : x.value, padding, vocabulary);
        } else if (run.shards().single() || run.shared(table.offset)) {
            run.each_shard(
                parameters(), x.extent, nullptr, [&](const Extent& part, int from, const std::array<S*, 1>& to) {
                    each_range(part, from, [&](std::size_t first, std::size_t count) {
                        run.backend().scatter_add(to[0], y.gradients(first, count), x.value + first, padding);
                    });
                });
        } else {
            auto scratch = run.scratch();
            backward_scratch(scratch).add(run, table, y.gradients());
        }
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        return LookupGradient<S>::make(scratch, x, y.rows, vocabulary, padding);
    }

private:
    // The ranges of valid columns of a part whose sequences begin at `from`.
    template <class F>
    void each_range(const Extent& part, int from, const F& f) const {
        if (part.batch == x.extent.batch) return for_each_valid_range(part, f);
        for (int t = 0; t < part.steps; ++t)
            for_each_valid_range(part, t, [&](int first, int count) {
                f(std::size_t(t) * std::size_t(x.extent.batch) + std::size_t(from + first), std::size_t(count));
            });
    }
};

/// The error for the first token, padding excepted, that is not from 0 to `vocabulary` - 1.
inline Error token_outside(const Tokens& x, int vocabulary) {
    for (std::size_t n = 0; n < x.columns(); ++n) {
        const auto b = int(n % std::size_t(x.extent.batch)), t = int(n / std::size_t(x.extent.batch));
        if (x.extent.active(t, b) && (x.value[n] < 0 || x.value[n] >= vocabulary))
            return {Error::Kind::argument, "rondo: token " + std::to_string(x.value[n]) + " of sequence " +
                                               std::to_string(x.extent.first_column + b) + ", step " +
                                               std::to_string(x.extent.first_step + t) + " is not from 0 to " +
                                               std::to_string(vocabulary - 1)};
    }
    return {};
}

} // namespace rondo
