// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../core/weighted_target.hpp"
#include "../graph/loss_value.hpp"
#include "terms.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>

// The parts of a loss that is a sum over columns: its terms, its errors and its operation. docs/custom-losses.md.

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One column of a network's result and of its targets.
template <class S, class T>
struct LossColumn {
    const S* y;      // (rows)
    const T* target; // (target_rows)
    std::size_t rows, target_rows;
    S scale;     // the column's weight / N
    S* loss;     // to which scale times the column's loss is added
    S* gradient; // (rows) to which scale times its gradient is added; null if there is no backward
};

namespace detail {
template <class Column, class S, class T>
struct EachLossColumn {
    Column of;
    const S* y;
    S* gradient;
    const T* target;
    const S* weight;
    S* loss;
    std::size_t rows, target_rows;
    S scale;

    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        S scaled = scale;
        if (weight) {
            if (weight[n] == 0) return;
            scaled *= weight[n];
        }
        of.template add<P>(LossColumn<S, T>{y + n * rows, target + n * target_rows, rows, target_rows, scaled, loss + n,
                                            gradient ? gradient + n * rows : nullptr});
    }
};

/// Computes the loss of each column and, if y has a gradient, adds dL/dy. It has no backward: L is the final loss,
/// whose upstream gradient is 1.
template <class Column, class S, class T>
struct ColumnLosses {
    DynamicSequenceView<S> y;
    DynamicSequenceView<const T> target;
    const S* weight;
    S* each;
    S scale;
    Column column;

    template <class Context>
    void forward(Context& context) const {
        for_each_valid_range(target.extent, [&](std::size_t first, std::size_t count) {
            const std::size_t from = first * y.rows;
            context.backend().columns(
                EachLossColumn<Column, S, T>{column, y.value + from, y.gradient ? y.gradient + from : nullptr,
                                             target.value + first * target.rows, weight ? weight + first : nullptr,
                                             each + first, y.rows, target.rows, scale},
                count);
        });
    }
};
}

/// The number of terms of a loss, N: the sum of count(column) over the valid columns, each times its weight. `column`
/// points to the column's targets.
template <class Target, class Count>
double count_terms(const Target& target, const Count& count) {
    const auto& values = detail::values_of(target);
    double sum = 0;
    for_each_valid_range(values.extent, [&](std::size_t first, std::size_t n) {
        for (std::size_t k = first; k < first + n; ++k)
            if (const double weight = detail::weight_of(target, k); weight != 0)
                sum += weight * count(values.value + k * std::size_t(values.rows));
    });
    return sum;
}

/// The error for the first target of which wrong(target) returns a text, such as "is not from 0 to 1"; and for weights
/// that are not numbers of 0 or more, or have another extent. Targets of weight 0 are not read. `loss` is the loss's
/// name.
template <class Target, class Wrong>
Error find_wrong(const char* loss, const Target& target, const Wrong& wrong) {
    const auto& values = detail::values_of(target);
    Error error;
    if constexpr (HasWeights<Target>)
        if (Error found = mismatch("rondo: targets and weights", values.extent, target.weights.extent)) return found;
    const auto describe = [&](const std::string& what, std::size_t column, const std::string& text) {
        error = {Error::Kind::argument,
                 std::string{loss} + ": " + what + detail::place_of(values.extent, column) + " " + text};
    };
    for_each_valid_range(values.extent, [&](std::size_t first, std::size_t n) {
        for (std::size_t k = first; k < first + n && !error; ++k) {
            const double weight = detail::weight_of(target, k);
            if (!(weight >= 0 && std::isfinite(weight)))
                describe("weight " + detail::short_text(weight), k, "is not a finite number of 0 or more");
            for (std::size_t row = 0; row < std::size_t(values.rows) && weight != 0 && !error; ++row) {
                const auto number = values.value[k * std::size_t(values.rows) + row];
                if (const std::string text = wrong(number); !text.empty())
                    describe("target " + detail::target_text(number), k, text);
            }
        }
    });
    return error;
}

namespace detail {
/// Calls f(targets) if the host can read them while the forward is recorded.
template <class Run, class Target, class F>
void with_host_targets(Run& run, const Target& target, const F& f) {
    Target on_host = target;
    bool readable = true;
    each_view(on_host, [&](auto& x) { readable = (x.value = run.on_host(x.value)) != nullptr && readable; });
    if (readable) f(on_host);
}
}

/// Fails with the loss's error for targets that the host can read while the forward is recorded.
template <class Run, class Loss, class Target>
void check_targets(Run& run, const Loss& loss, const Target& target, int size) {
    detail::with_host_targets(run, target, [&](const Target& on_host) { (check)((loss.check)(on_host, size)); });
}

/// Records a loss that is a sum over columns: column.add<P>(LossColumn) adds the loss of one. P is the type in which a
/// backend computes: a pack or a scalar. `column` is trivially copyable and points to nothing but memory of the run.
///
/// Errors  a result and targets of different extents.
template <class Run, class S, int Size, class Target, class Column>
auto sum_columns(Run& run, SequenceView<S, Size> y, const Target& target, double terms, const Column& column) {
    const auto& values = detail::values_of(target);
    using T = typename std::remove_cvref_t<decltype(values)>::value_type;
    detail::check_extents(y.extent, values.extent);
    if (!run.taped()) y.gradient = nullptr;
    S* const each = run.take_zeros(y.columns());
    run.execute(
        detail::ColumnLosses<Column, S, T>{y, values, detail::weights_of<S>(target), each, S(1 / terms), column});
    return run.loss(each, values.extent);
}

} // namespace rondo
