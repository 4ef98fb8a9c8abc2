// SPDX-License-Identifier: MIT
#pragma once

#include "../op/convolution_plan.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Steps of padding around a sequence: zeros, or its own steps reflected at its ends.
struct Padding {
    enum class Kind { given, causal, same };
    int left = 0, right = 0;
    bool reflect = false;
    Kind kind = Kind::given;
    bool operator==(const Padding&) const = default;

    /// The plan with this padding.
    constexpr ConvolutionPlan around(ConvolutionPlan plan) const {
        const int more = plan.reach() - 1;
        plan.left = kind == Kind::given ? left : kind == Kind::causal ? more : more / 2;
        plan.right = kind == Kind::given ? right : kind == Kind::causal ? 0 : more - more / 2;
        plan.reflect = reflect;
        return plan;
    }
};
/// No padding: PyTorch's default.
inline constexpr Padding valid_padding{};
/// Before a sequence, so that no output depends on a later input.
inline constexpr Padding causal_padding{.kind = Padding::Kind::causal};
/// On both sides, so that there are as many outputs as inputs; one more at the end if the number is odd.
inline constexpr Padding same_padding{.kind = Padding::Kind::same};

} // namespace rondo
