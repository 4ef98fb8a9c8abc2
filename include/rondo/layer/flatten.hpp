// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../op/flatten.hpp"

#include <array>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The order of a flattened sequence: all features of the first step first, as PyTorch's Flatten of (B, T, F), or all
/// steps of the first feature first, as that of a convolution's (B, F, T).
enum class FlattenOrder { steps_first, features_first };

/// All steps of a sequence as one column.
///
/// Shapes  x (Size x Steps B) -> y (Size Steps x B).
/// Errors  another number of steps; sequences of different lengths. Does not compile in a stream.
template <int Size, int Steps, FlattenOrder order = FlattenOrder::steps_first>
    requires (Size > 0) && (Steps > 0)
struct Flatten {
    static constexpr LayerKind kind = LayerKind::Flatten;
    static constexpr int input_size = Size, output_size = Size * Steps, steps = Steps;
    static constexpr bool features_first = order == FlattenOrder::features_first;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"Flatten "}.add(Size).add(" x ").add(Steps); }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        static_assert(!std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: Flatten reads a sequence to its end; it cannot be streamed step by step");
        const Extent& e = x.extent;
        if (e.steps != Steps)
            fail(Error::Kind::argument, "rondo::Flatten: expected sequences of " + std::to_string(Steps) +
                                            " steps, got " + std::to_string(e.steps));
        if (e.lengths) fail(Error::Kind::argument, "rondo::Flatten: expected sequences without lengths");
        const auto y = run.template make<output_size>({1, e.batch, nullptr, e.first_step, e.first_column});
        run.execute(FlattenOperation<std::remove_const_t<S>>{x, y, features_first});
        return y;
    }
};

} // namespace rondo
