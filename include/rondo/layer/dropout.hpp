// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../op/dropout.hpp"
#include "same_size.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// In training each element is set to zero with probability `rate`, else divided by 1 - rate; otherwise y = x.
/// Dropout<20> leaves the rate open: it is TrainerSettings::dropout, so that a search tries rates without compiling.
///
/// Shapes  x, y (Size x T B).
/// Source  Srivastava et al., "Dropout", JMLR 15 (2014).
template <int Size, Rate rate = run_time_rate>
    requires (Size > 0) && (rate.valid()) // Size >= 1, 0 <= rate < 1
struct Dropout : detail::SameSizeLayer<LayerKind::Dropout, Size> {
    static constexpr Label describe() {
        if (rate.at_run_time()) return Label{"Dropout of the trainer's rate"};
        return Label{"Dropout "}.add(rate.parts).add("/").add(rate.of);
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        return dropout(run, x, rate, run.draw());
    }
};

} // namespace rondo
