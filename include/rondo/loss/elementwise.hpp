// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "terms.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Loss, class S>
struct ElementwiseLossColumn {
    Loss of;
    std::size_t rows;
    S scale;
    const S* y = nullptr;
    S* dy = nullptr;
    const S* target = nullptr;
    S* loss = nullptr;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        for (std::size_t k = n * rows; k < (n + 1) * rows; ++k)
            of.add(y[k], target[k], scale, loss[n], dy ? dy + k : nullptr);
    }
};
}

/// Base class of losses that are a mean over every feature of every valid step.
///
///   L = 1/N sum_n f(y_n, target_n)                                            (1)
///
/// `Loss` defines `add`, which adds scale f to `loss` and, unless `gradient` is null, scale df/dy to `gradient`. It may
/// define a `check` that returns an error for targets out of range.
///
///   struct AbsoluteError : ElementwiseLoss<AbsoluteError> {
///       template <class S>
///       RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
///           loss += scale * std::abs(y - target);
///           if (gradient) *gradient += y < target ? -scale : scale;
///       }
///   };
///
/// Shapes  y, target (Size x T B).
template <class Loss>
struct ElementwiseLoss {
    /// N of eq. (1).
    template <class S, int Size>
    double terms(const SequenceView<S, Size>& target) const {
        return Size * detail::valid_columns(target);
    }
    template <class S, int Size>
    Error(check)(const SequenceView<S, Size>&, int) const {
        return {};
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Size>
    auto operator()(Run& run, const SequenceView<S, Size>& y, const SequenceView<const S, Size>& target,
                    double terms) const {
        const auto& loss = static_cast<const Loss&>(*this);
        if (const S* numbers = run.on_host(target.value))
            (rondo::check)((loss.check)(SequenceView<const S, Size>{numbers, nullptr, target.extent}, Size));
        return detail::sum_columns(run, y, target, detail::ElementwiseLossColumn<Loss, S>{loss, Size, S(1 / terms)});
    }
};

} // namespace rondo
