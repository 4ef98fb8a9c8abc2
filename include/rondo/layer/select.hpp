// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../graph/forward_context.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One step of each sequence, the first rows from its last valid step and the rest from its first: an operation of a
/// program.
template <class S>
struct Selection {
    DynamicSequenceView<const S> x;
    DynamicSequenceView<S> y;
    std::size_t last_rows;

    template <class F>
    void each(F&& f) const {
        for (int b = 0; b < x.extent.batch; ++b) {
            const int length = x.extent.length(b);
            if (length == 0) continue;
            f(std::size_t(b), std::size_t(length - 1) * std::size_t(x.extent.batch) + std::size_t(b));
        }
    }
    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        backend.fill(y.value, y.size(), S(0));
        each([&](std::size_t b, std::size_t last) {
            const auto to = y.matrix(b, 1);
            backend.copy_columns(to.from_row(0, last_rows), x.matrix(last, 1).from_row(0, last_rows));
            backend.copy_columns(to.from_row(last_rows, x.rows - last_rows),
                                 x.matrix(b, 1).from_row(last_rows, x.rows - last_rows));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        auto& backend = run.backend();
        each([&](std::size_t b, std::size_t last) {
            const auto dy = y.gradients(b, 1);
            backend.add_to_columns(x.gradients(last, 1).from_row(0, last_rows), dy.from_row(0, last_rows));
            backend.add_to_columns(x.gradients(b, 1).from_row(last_rows, x.rows - last_rows),
                                   dy.from_row(last_rows, x.rows - last_rows));
        });
    }
};

namespace detail {
template <class S, int Rows>
auto select(auto& run, const SequenceView<S, Rows>& x, int last_rows) {
    run.check_extent(x.extent);
    const auto y = run.template make<Rows>({1, x.extent.batch, nullptr, x.extent.first_step, x.extent.first_column});
    run.execute(Selection<std::remove_const_t<S>>{x, y, std::size_t(last_rows)});
    return y;
}
}

/// The last valid step of each sequence; zero for one of no steps.
///
/// Shapes  x (Size x T B) -> y (Size x B).
template <int Size>
    requires (Size > 0)
struct LastStep {
    static constexpr LayerKind kind = LayerKind::LastStep;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"LastStep"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) { return detail::select(run, x, Size); }
};

/// The first step of each sequence, where a reversed layer ends; zero for one of no steps.
///
/// Shapes  x (Size x T B) -> y (Size x B).
/// Errors  a stream, which has left the first step behind, does not compile.
template <int Size>
    requires (Size > 0)
struct FirstStep {
    static constexpr LayerKind kind = LayerKind::FirstStep;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"FirstStep"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        static_assert(!std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: FirstStep gives a sequence's first step; it cannot be streamed step by step");
        return detail::select(run, x, 0);
    }
};

/// What both directions of a bidirectional layer end with: the last valid step of the one, the first step of the other.
///
/// Shapes  x (2 Hidden x T B) -> y (2 Hidden x B), as PyTorch's cat(h_n[-2], h_n[-1]).
template <int Hidden>
    requires (Hidden > 0)
struct FinalStates {
    static constexpr LayerKind kind = LayerKind::FinalStates;
    static constexpr int input_size = 2 * Hidden, output_size = 2 * Hidden;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"FinalStates"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, 2 * Hidden>& x) { return detail::select(run, x, Hidden); }
};

} // namespace rondo
