// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../op/prelu.hpp"

#include <array>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A ReLU whose factor for negative numbers is learned: one for all features, or one for each.
///
///   y = max(x, 0) + a min(x, 0)                                               (1)
///
/// Shapes  x, y (Size x T B); weight a (Factors), initially 0.25.
/// Source  He, Zhang, Ren & Sun, "Delving deep into rectifiers" (2015), arXiv:1502.01852, eq. (1).
template <int Size, int Factors = 1>
    requires (Size > 0) && (Factors == 1 || Factors == Size)
struct PReLU {
    static constexpr LayerKind kind = LayerKind::PReLU;
    static constexpr int input_size = Size, output_size = Size, factors = Factors;
    static constexpr auto tensors = assign_offsets(std::array{ParameterSpec{
        .name = "weight", .rows = Factors, .role = ParameterSpec::Role::constant, .initial = 0.25, .rank = 1}});
    static constexpr Label describe() { return Label{"PReLU"}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(PReLUOperation<std::remove_const_t<S>>{x, y, run.parameter(0), Factors == 1});
        return y;
    }
};

} // namespace rondo
