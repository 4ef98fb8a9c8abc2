// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"
#include "../op/convolution_plan.hpp"

#include <algorithm>
#include <string>
#include <type_traits>

// What layers have in common that read windows of the steps.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Errors  argument: sequences that are too short; persistent ones that a layer of this name cannot carry on, or whose
///         steps are no multiple of the stride.
inline void check_windows(const char* name, const ConvolutionPlan& plan, bool causal, const Extent& e,
                          bool persistent) {
    const auto refuse = [&](const std::string& what, int got) {
        fail(Error::Kind::argument, std::string{"rondo::"} + name + ": " + what + std::to_string(got));
    };
    if (persistent && !causal)
        fail(Error::Kind::argument, std::string{"rondo: "} + name +
                                        " reads later steps, unless its padding is causal; it cannot carry state on");
    for (int b = 0; persistent && b < e.batch; ++b)
        if (e.length(b) % plan.stride != 0)
            refuse("a sequence that goes on: expected a multiple of " + std::to_string(plan.stride) + " steps, got ",
                   e.length(b));
    const int least =
        (std::max)(plan.reach() - plan.left - plan.right, plan.reflect ? (std::max)(plan.left, plan.right) + 1 : 1);
    for (int b = 0; b < e.batch; ++b)
        if (e.length(b) < least && !(e.lengths && e.length(b) == 0))
            refuse("expected sequences of " + std::to_string(least) + " steps or more, got one of ", e.length(b));
}
/// The extent of the result, whose steps and lengths are numbers of windows.
inline Extent windows_extent(auto& run, const ConvolutionPlan& plan, const Extent& e) {
    const int* lengths = nullptr;
    if constexpr (!std::remove_reference_t<decltype(run)>::packed)
        if (e.lengths) {
            int* const all = run.take_lengths(e.batch);
            for (int b = 0; b < e.batch; ++b) all[b] = plan.steps(e.lengths[b]);
            lengths = all;
        }
    return {plan.steps(e.steps), e.batch, lengths, e.first_step / plan.stride, e.first_column};
}

} // namespace rondo::detail
