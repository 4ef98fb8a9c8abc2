// SPDX-License-Identifier: MIT
#pragma once

#include "../core/random.hpp"
#include "../core/view.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A rate as part of a type: Rate{20} is 20 of 100, Rate{1, 8} an eighth.
struct Rate {
    int parts = 0, of = 100;
    constexpr double value() const { return double(parts) / of; }
    constexpr bool valid() const { return (parts >= 0 && parts < of) || at_run_time(); }
    /// Whether it is given at run time: see run_time_rate.
    constexpr bool at_run_time() const { return parts == -1 && of == 1; }
    bool operator==(const Rate&) const = default;
};

/// The rate of dropout that TrainerSettings::dropout gives, an argument of the run.
inline constexpr Rate run_time_rate{-1, 1};

namespace detail {
/// Writes the mask, 0 or 1 / (1 - rate). One Philox block serves four units of a column.
template <class S>
struct DropoutMask {
    S* mask; // (rows x T batch)
    std::size_t rows, batch;
    std::uint32_t first_step, first_column;
    StepRandomStream draws;
    double rate;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const S kept = S(1 / (1 - rate));
        const RandomStream draw = draws.now();
        for (std::size_t row = 0; row < rows; row += 4) {
            const PhiloxBlock words =
                draw.block(row / 4, first_column + std::uint32_t(n % batch), first_step + std::uint32_t(n / batch));
            for (std::size_t k = row; k < rows && k < row + 4; ++k)
                mask[n * rows + k] = double(uniform(words[k - row])) < rate ? S(0) : kept;
        }
    }
};
/// y += a * b, elementwise
template <int Rows, class S>
struct AddProduct {
    S* y;
    const S *a, *b;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * Rows + std::size_t(unit);
        L::store(y + at, L::load(y + at) + L::load(a + at) * L::load(b + at));
    }
};
}

/// The operation y = mask * x, elementwise; the backward uses the same mask.
template <class S, int Rows>
struct DropoutOperation {
    SequenceView<const S, Rows> x;
    SequenceView<S, Rows> y;
    S* mask;
    StepRandomStream draw;
    double rate;

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        const Extent& e = x.extent;
        backend.columns(detail::DropoutMask<S>{mask, Rows, std::size_t(e.batch), std::uint32_t(e.first_step),
                                               std::uint32_t(e.first_column), draw, rate},
                        e.columns());
        backend.fill(y.value, y.size(), S(0));
        backend.template units<Rows>(detail::AddProduct<Rows, S>{y.value, x.value, mask}, e.columns());
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient)
            run.backend().template units<Rows>(detail::AddProduct<Rows, S>{x.gradient, y.gradient, mask}, x.columns());
    }
};

/// In training each element is set to zero with probability `rate`, else divided by 1 - rate; otherwise y = x.
///
/// Errors  run_time_rate where the trainer has none.
template <class Run, class S, int Rows>
SequenceView<S, Rows> dropout(Run& run, const SequenceView<S, Rows>& x, Rate rate, const StepRandomStream& draw) {
    if constexpr (Run::differentiable) {
        if (run.taped() && run.drops() && rate.parts != 0) {
            const double value = rate.at_run_time() ? run.dropout_rate() : rate.value();
            if (value == 0) return x;
            const auto y = run.template make<Rows>(x.extent);
            run.execute(DropoutOperation<std::remove_const_t<S>, Rows>{x, y, run.take(x.size()), draw, value});
            return y;
        }
    }
    return x;
}

} // namespace rondo
