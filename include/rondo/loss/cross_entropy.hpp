// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/exp_column.hpp"
#include "terms.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct CrossEntropyColumn {
    std::size_t rows;
    int ignore;
    S scale;
    const S* y = nullptr;
    S* dy = nullptr;
    const int* target = nullptr;
    S* loss = nullptr;

    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        if (target[n] == ignore) return;
        const S* const from = y + n * rows;
        const auto right = std::size_t(target[n]);
        const auto [top, sum] = exp_column<P>(from, rows, [](PartialPack<P>, std::size_t, P) {});
        loss[n] = scale * (std::log(sum) + (top - from[right]));
        if (!dy) return;
        S* const to = dy + n * rows;
        const P most(top), part_of(scale / sum);
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(to + k, math::fma(part_of, math::exp(part.load(from + k) - most), part.load(to + k)));
        });
        to[right] -= scale;
    }
};
}

/// Mean negative log likelihood of the target class, over all valid steps whose target is not `ignore`.
///
///   L = 1/N sum_n (log sum_k exp y_kn - y_(target n) n)                       (1)
///
/// Shapes  y (Vocabulary x T B) logits, target (T B).
/// Units   nats.
/// Errors  a target that is neither a class nor `ignore`.
struct CrossEntropy {
    int ignore = -100;

    /// N of eq. (1).
    double terms(const Tokens& target) const {
        double sum = 0;
        for_each_valid_range(target.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t n = first; n < first + count; ++n) sum += target.value[n] != ignore;
        });
        return sum;
    }
    /// The error for the first target that is neither from 0 to classes - 1 nor `ignore`.
    Error(check)(const Tokens& target, int classes) const {
        Error error;
        for_each_valid_range(target.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t n = first; n < first + count && !error; ++n)
                if (target.value[n] != ignore && (target.value[n] < 0 || target.value[n] >= classes))
                    error = {Error::Kind::argument, "rondo::CrossEntropy: target " + std::to_string(target.value[n]) +
                                                        detail::place_of(target.extent, n) +
                                                        " is not a class from 0 to " + std::to_string(classes - 1)};
        });
        return error;
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Vocabulary>
    auto operator()(Run& run, const SequenceView<S, Vocabulary>& y, const Tokens& target, double terms) const {
        if (const int* tokens = run.on_host(target.value))
            (rondo::check)((check)({tokens, nullptr, target.extent}, Vocabulary));
        return detail::sum_columns(run, y, target, detail::CrossEntropyColumn<S>{Vocabulary, ignore, S(1 / terms)});
    }
};

} // namespace rondo
