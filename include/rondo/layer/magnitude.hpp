// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../op/magnitude.hpp"

#include <array>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The magnitude of complex numbers: the first half of the features are their real parts, the second half their
/// imaginary parts. After a Conv1d with a Fourier basis as its weights this is a short-time Fourier transform's.
///
///   y_k = sqrt(x_k^2 + x_(Size + k)^2)                                        (1)
///
/// Shapes  x (2 Size x T B) -> y (Size x T B). Its gradient at zero is zero.
template <int Size>
    requires (Size > 0)
struct Magnitude {
    static constexpr LayerKind kind = LayerKind::other;
    static constexpr int input_size = 2 * Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"Magnitude"}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, 2 * Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(MagnitudeOperation<std::remove_const_t<S>>{x, y});
        return y;
    }
};

} // namespace rondo
