// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../simd/functions.hpp"
#include "elementwise.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Binary cross-entropy of logits, over every feature of every valid step.
///
///   L = 1/N sum_n (max(y_n, 0) - y_n target_n + log(1 + exp(-|y_n|)))         (1)
///
/// Shapes  y logits, target (Size x T B).
/// Units   nats; targets from 0 to 1.
/// Errors  a target that is not from 0 to 1.
struct BinaryCrossEntropy : ElementwiseLoss<BinaryCrossEntropy> {
    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S ratio = math::exp(-std::abs(y)); // in (0, 1]: neither exp nor log can overflow
        loss += scale * ((math::max)(y, S(0)) - y * target + std::log1p(ratio));
        if (gradient) *gradient += scale * ((y >= 0 ? 1 : ratio) / (1 + ratio) - target);
    }
    /// The error for the first target that is not from 0 to 1.
    template <class S, int Size>
    Error(check)(const SequenceView<S, Size>& target, int) const {
        Error error;
        for_each_valid_range(target.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t k = first * Size; k < (first + count) * Size && !error; ++k)
                if (!(target.value[k] >= 0 && target.value[k] <= 1))
                    error = {Error::Kind::argument,
                             "rondo::BinaryCrossEntropy: target " + rondo::detail::short_text(double(target.value[k])) +
                                 detail::place_of(target.extent, k / Size) + " is not from 0 to 1"};
        });
        return error;
    }
};

} // namespace rondo
