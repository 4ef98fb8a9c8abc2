// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../op/linear_scan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A linear cell over pre-activations that another layer computes: a recurrent layer without weights.
///
/// Shapes  x (gates Hidden x T B) -> y (Hidden x T B).
template <class C, int Hidden>
    requires LinearCell<C> && (Hidden > 0)
struct LinearPooling {
    static_assert(C::shape.constants == 0 && !C::shape.input && C::shape.states == 1,
                  "rondo::LinearPooling: expected a cell without parameters that reads its gates only");
    static constexpr int input_size = C::shape.gates * Hidden, output_size = Hidden;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr std::size_t state_size = std::size_t(Hidden);
    static constexpr std::uint32_t numbers = 1;

    /// From the run's persistent state, which it updates; from zero if the run has none.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, input_size>& x) {
        using Scalar = std::remove_const_t<S>;
        run.check_extent(x.extent);
        Scalar* const state = run.persistent_state(x.extent.batch);
        const auto y = run.template make<Hidden>(x.extent);
        LinearScan<C, Scalar> operation{x.extent, {}};
        LinearUnits<C, Scalar>& all = operation.all;
        all.units = std::size_t(Hidden);
        all.batch = std::size_t(x.extent.batch);
        all.steps = x.extent.steps;
        all.pre = x.value;
        all.pre_rows = std::size_t(input_size);
        all.pre_gradient = x.gradient;
        all.adds_gradient = true;
        all.initial[0] = state;
        operation.final[0] = state;
        all.output = C::shape.output ? y.value : nullptr;
        all.state = C::shape.output ? run.take(y.size()) : y.value;
        all.output_gradient = y.gradient;
        run.execute(operation);
        return y;
    }
};

} // namespace rondo
