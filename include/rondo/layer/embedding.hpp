// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../graph/layer_layout.hpp"
#include "../graph/of_streams.hpp"
#include "../op/lookup.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// An embedding: the row of a table for each token.
///
/// Shapes  tokens (T B) -> y (Size x T B); weight (Vocabulary x Size).
/// Units   tokens from 0 to Vocabulary - 1. The row of the token `padding`, if given, is initialized to zero and gets
///         no gradient, unless the table is tied to another tensor.
/// Errors  a token outside the vocabulary; in a stream this is undefined behaviour.
template <int Vocabulary, int Size, int padding = -1>
    requires (Vocabulary > 0) && (Size > 0) && (padding >= -1) && (padding < Vocabulary)
struct Embedding {
    static constexpr LayerKind kind = LayerKind::Embedding;
    static constexpr int input_size = 1, output_size = Size, vocabulary = Vocabulary;
    static constexpr auto tensors = assign_offsets(std::array{ParameterSpec{.name = "weight",
                                                                            .rows = Vocabulary,
                                                                            .columns = Size,
                                                                            .role = ParameterSpec::Role::table,
                                                                            .padding = padding}});
    static constexpr Label describe() { return Label{"Embedding "}.add(Vocabulary).add(" -> ").add(Size); }

    template <class K>
        requires requires { typename K::template table<Vocabulary, Size>; }
    static constexpr std::size_t packed_size = K::template table<Vocabulary, Size>::size;
    template <class K>
    static void pack(const auto& tensor, std::byte* to) {
        K::template table<Vocabulary, Size>::pack(tensor(0), to);
    }

    static auto forward(auto& run, const Tokens& x) {
        using Run = std::remove_reference_t<decltype(run)>;
        using S = typename Run::scalar;
        if constexpr (!Run::packed)
            if (const int* tokens = run.on_host(x.value))
                (check)(token_outside({tokens, nullptr, x.extent}, Vocabulary));
        const auto y = run.template make<Size>(x.extent);
        if constexpr (Run::packed && detail::HasKernel<Embedding, typename Run::kernels>) {
            if constexpr (!Run::dry())
                for (std::size_t n = 0; n < x.columns(); ++n)
                    Run::kernels::template table<Vocabulary, Size>::row(run.weights(), x.value[n], y.value + n * Size);
            return y;
        } else {
            int* active = nullptr;
            if constexpr (Lookup<S>::template takes_all<Run>)
                if (x.extent.lengths) active = run.take_tokens(x.columns());
            run.execute(Lookup<S>{x, y, run.parameter(0), Vocabulary, padding, active});
            return y;
        }
    }
    static auto forward(OfStreams, auto& run, const Tokens& x) { return forward(run, x); }
};

} // namespace rondo
