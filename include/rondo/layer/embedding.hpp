// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../graph/forward_context.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A backend that looks up tokens, and adds to their rows of a table of so many, all at once: those past a sequence's
/// end once active_tokens has marked them.
template <class B>
concept TakesAllTokens = requires(B& backend, typename B::scalar* p, ColumnMajorView<const typename B::scalar> x, int* to,
                                  const int* from, std::size_t n, int rows) {
    backend.active_tokens(to, from, n, from, 1);
    backend.scatter_add(p, x, from, -1, rows);
};

/// Column n of y is row x[n] of the table: an operation of a program.
template <class S>
struct Lookup {
    Tokens x;
    DynamicSequenceView<S> y;
    Parameter<S> table;
    int vocabulary, padding;
    int* active; // where forward marks tokens past an end, for a backend that takes all at once; null: there are none

    template <class Run>
    static constexpr bool takes_all = TakesAllTokens<typename Run::backend_type>;

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
        if constexpr (takes_all<Run>)
            run.backend().scatter_add(gradient, y.gradients(), active ? active : x.value, padding, vocabulary);
        else
            for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
                run.backend().scatter_add(gradient, y.gradients(first, count), x.value + first, padding);
            });
    }
};

/// Names the first token that is not from 0 to `vocabulary` - 1, padding aside.
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

/// A row of the table for every token.
///
/// Shapes  tokens (T B) -> y (Size x T B); weight (Vocabulary x Size).
/// Units   tokens from 0 to Vocabulary - 1. The row of the token `padding`, if there is one, begins at zero and is
///         never trained, unless the table is tied to another tensor.
/// Errors  a token outside the vocabulary; in a stream that is undefined behaviour.
template <int Vocabulary, int Size, int padding = -1>
    requires (Vocabulary > 0) && (Size > 0) && (padding >= -1) && (padding < Vocabulary)
struct Embedding {
    static constexpr LayerKind kind = LayerKind::Embedding;
    static constexpr int input_size = 1, output_size = Size, vocabulary = Vocabulary;
    static constexpr auto tensors = assign_offsets(std::array{ParameterSpec{
        .name = "weight", .rows = Vocabulary, .columns = Size, .role = ParameterSpec::Role::table, .padding = padding}});
    static constexpr Label describe() { return Label{"Embedding "}.add(Vocabulary).add(" -> ").add(Size); }

    static auto forward(auto& run, const Tokens& x) {
        using Run = std::remove_reference_t<decltype(run)>;
        using S = typename Run::scalar;
        if constexpr (!Run::packed)
            if (const int* tokens = run.on_host(x.value))
                (check)(token_outside({tokens, nullptr, x.extent}, Vocabulary));
        const auto y = run.template make<Size>(x.extent);
        int* active = nullptr;
        if constexpr (Lookup<S>::template takes_all<Run>)
            if (x.extent.lengths) active = run.take_tokens(x.columns());
        run.execute(Lookup<S>{x, y, run.parameter(0), Vocabulary, padding, active});
        return y;
    }
};

} // namespace rondo
