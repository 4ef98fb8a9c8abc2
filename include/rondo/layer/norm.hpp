// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/ratio.hpp"
#include "../core/view.hpp"
#include "../op/normalize.hpp"

#include <array>
#include <limits>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The options of a norm. eps is added to the mean square; affine: there is a weight; bias: and a bias.
struct Norm {
    Ratio eps{1, 100000};
    bool affine = true, bias = true;
    bool operator==(const Norm&) const = default;
};
/// The eps that is the scalar's epsilon.
inline constexpr Ratio machine_epsilon{0, 1};

namespace detail {
template <int Size, Norm norm, bool centered>
struct NormLayer {
    static constexpr LayerKind kind = centered ? LayerKind::LayerNorm : LayerKind::RMSNorm;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr Ratio epsilon = norm.eps;
    static constexpr int parameters = norm.affine ? (norm.bias && centered ? 2 : 1) : 0;
    static constexpr auto tensors = [] {
        using Role = ParameterSpec::Role;
        std::array<ParameterSpec, std::size_t(parameters)> all{};
        if constexpr (parameters > 0)
            all[0] = ParameterSpec{.name = "weight", .rows = Size, .role = Role::constant, .initial = 1, .rank = 1};
        if constexpr (parameters > 1)
            all[1] = ParameterSpec{.name = "bias", .rows = Size, .role = Role::constant, .rank = 1};
        return assign_offsets(all);
    }();

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        using Scalar = std::remove_const_t<S>;
        const auto y = run.template make<Size>(x.extent);
        Normalization<Scalar, centered> operation{x, y, nullptr, nullptr, {}, {}, eps<Scalar>()};
        if (run.taped()) {
            operation.normalized = run.take(x.size());
            operation.scale = run.take(x.columns());
        }
        if constexpr (parameters > 0) operation.weight = run.parameter(0);
        if constexpr (parameters > 1) operation.bias = run.parameter(1);
        run.execute(operation);
        return y;
    }

private:
    template <class S>
    static constexpr S eps() {
        return norm.eps == machine_epsilon ? std::numeric_limits<S>::epsilon() : S(norm.eps.value());
    }
};
}

/// Layer normalization over the features of each step.
///
///   y = w (x - mean x) / sqrt(mean (x - mean x)^2 + eps) + b                  (1)
///
/// Shapes  x, y (Size x T B); weight w (Size), initially 1, bias b (Size), initially 0.
/// Memory  for training, the normalized x and a number for each column.
/// Source  Ba, Kiros & Hinton, "Layer normalization" (2016), arXiv:1607.06450.
template <int Size, Norm norm = Norm{}>
    requires (Size > 0) && (norm.eps.valid())
struct LayerNorm : detail::NormLayer<Size, norm, true> {
    static constexpr Label describe() { return Label{"LayerNorm "}.add(Size); }
};

/// Root mean square normalization over the features of each step.
///
///   y = w x / sqrt(mean x^2 + eps)                                            (1)
///
/// Shapes  x, y (Size x T B); weight w (Size), initially 1. There is no bias.
/// Memory  for training, the normalized x and a number for each column.
/// Source  Zhang & Sennrich, "Root mean square layer normalization" (2019), arXiv:1910.07467.
template <int Size, Norm norm = Norm{.eps = machine_epsilon}>
    requires (Size > 0) && (norm.eps.valid())
struct RMSNorm : detail::NormLayer<Size, norm, false> {
    static constexpr Label describe() { return Label{"RMSNorm "}.add(Size); }
};

} // namespace rondo
