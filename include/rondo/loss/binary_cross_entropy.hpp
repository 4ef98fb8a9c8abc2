// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../simd/functions.hpp"
#include "terms.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct BinaryCrossEntropyColumn {
    std::size_t rows;
    S scale;
    const S* y = nullptr;
    S* dy = nullptr;
    const S* target = nullptr;
    S* loss = nullptr;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        for (std::size_t k = n * rows; k < (n + 1) * rows; ++k) {
            const S ratio = math::exp(-std::abs(y[k])); // in (0, 1]: neither exp nor log can overflow
            loss[n] += scale * ((math::max)(y[k], S(0)) - y[k] * target[k] + std::log1p(ratio));
            if (dy) dy[k] += scale * ((y[k] >= 0 ? 1 : ratio) / (1 + ratio) - target[k]);
        }
    }
};
}

/// Binary cross-entropy of logits, over every feature of every valid step.
///
///   L = 1/N sum_n (max(y_n, 0) - y_n target_n + log(1 + exp(-|y_n|)))         (1)
///
/// Shapes  y logits, target (Size x T B).
/// Units   nats; targets from 0 to 1.
/// Errors  a target that is not from 0 to 1.
struct BinaryCrossEntropy {
    /// N of eq. (1).
    template <class S, int Size>
    double terms(const SequenceView<S, Size>& target) const {
        return Size * detail::valid_columns(target);
    }
    /// The error for the first target that is not from 0 to 1.
    template <class S, int Size>
    Error (check)(const SequenceView<S, Size>& target, int) const {
        Error error;
        for_each_valid_range(target.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t k = first * Size; k < (first + count) * Size && !error; ++k)
                if (!(target.value[k] >= 0 && target.value[k] <= 1))
                    error = {Error::Kind::argument, "rondo::BinaryCrossEntropy: target " +
                                                        io::detail::short_text(double(target.value[k])) +
                                                        detail::place_of(target.extent, k / Size) +
                                                        " is not from 0 to 1"};
        });
        return error;
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Size>
    auto operator()(Run& run, const SequenceView<S, Size>& y, const SequenceView<const S, Size>& target,
                    double terms) const {
        if (const S* numbers = run.on_host(target.value))
            (rondo::check)((check)(SequenceView<const S, Size>{numbers, nullptr, target.extent}, Size));
        return detail::sum_columns(run, y, target, detail::BinaryCrossEntropyColumn<S>{Size, S(1 / terms)});
    }
};

} // namespace rondo
