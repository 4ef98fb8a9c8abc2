// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../data/batch.hpp"
#include "../graph/loss_value.hpp"
#include "../loss/concept.hpp"
#include "../loss/elementwise.hpp"
#include "../metric/concept.hpp"
#include "../model/workspace.hpp"
#include "async/device_batch.hpp"
#include "check_training.hpp"
#include "trainer_settings.hpp"

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A metric's value, by its name, and whether larger values are better; nothing if the metric does not say so.
struct MetricValue {
    std::string name;
    double value = 0;
    std::optional<bool> larger_is_better{};
    bool operator==(const MetricValue&) const = default;
};

namespace detail {
inline double metric_of(const std::vector<MetricValue>& all, std::string_view name) {
    std::string names;
    for (const MetricValue& metric : all) {
        if (metric.name == name) return metric.value;
        names += (names.empty() ? "" : ", ") + metric.name;
    }
    if (names.empty())
        fail(Error::Kind::argument, "rondo: there is no metric " + std::string{name} +
                                        ": validate computes no metrics: pass metric::F1{} or others to evaluate");
    fail(Error::Kind::argument, "rondo: expected a metric of " + names + ", got " + std::string{name});
}
}

/// The loss and the metrics of one pass over mini-batches; a loss alone is one, too.
struct Evaluation {
    LossSum loss;
    std::vector<MetricValue> metrics{};

    Evaluation() = default;
    Evaluation(double mean_loss) : loss{mean_loss, 1} {}
    Evaluation(const LossSum& sum) : loss{sum} {}

    /// The mean loss.
    double mean() const { return loss.mean(); }
    /// Errors  no metric of this name.
    double metric(std::string_view name) const { return detail::metric_of(metrics, name); }
};

namespace detail {
/// The targets of a column as metrics see them: NaN where the loss does not count one. `to` has room for them.
template <class Loss, class T>
std::span<const T> counted_targets(const Loss& loss, std::span<const T> targets, std::vector<T>& to) {
    if constexpr (std::floating_point<T> && CountsTargets<Loss, T>) {
        to.assign(targets.begin(), targets.end());
        for (T& target : to)
            if (!loss.counts(target)) target = std::numeric_limits<T>::quiet_NaN();
        return to;
    } else {
        return targets;
    }
}
/// Whether the loss ignores a class.
template <class Loss>
bool ignores(const Loss& loss, int target) {
    if constexpr (OverClasses<Loss>) return target == loss.ignore;
    else return false;
}

template <class M>
struct MetricOf { // compilers print this name
    template <class S, class T>
    struct GivenOutputsAndTargets {
        static_assert(!std::same_as<M, M>, "rondo::evaluate: a metric takes no columns of these outputs and targets");
    };
};
template <class M, class S, class T>
void add_column(M& metric, const metric::Column<S, T>& column) {
    if constexpr (metric::Metric<M, S, T>) metric.add(column);
    else static_cast<void>(sizeof(typename MetricOf<M>::template GivenOutputsAndTargets<S, T>));
}

/// Adds a network's outputs and the targets of one mini-batch to metrics, without what the loss ignores.
template <class B, class Loss, class Y, class Target, class... Metrics>
void add_columns(const Loss& loss, const Y& y, const Target& target, std::vector<typename B::scalar>& host,
                 Metrics&... metrics) {
    using S = typename B::scalar;
    const auto& values = values_of(target);
    using T = typename std::remove_cvref_t<decltype(values)>::value_type;
    host.resize(y.size());
    B::download(host.data(), y.value, y.size());
    std::vector<T> counted;
    for_each_valid_range(values.extent, [&](std::size_t first, std::size_t count) {
        for (std::size_t n = first; n < first + count; ++n) {
            const auto rows = std::size_t(y.rows), size = std::size_t(values.rows);
            const std::span<const T> targets{values.value + n * size, size};
            if constexpr (std::same_as<T, int>)
                if (ignores(loss, targets[0])) continue;
            const metric::Column<S, T> column{std::span<const S>{host.data() + n * rows, rows},
                                              counted_targets(loss, targets, counted), weight_of(target, n)};
            if (column.weight != 0) (add_column(metrics, column), ...);
        }
    });
}
/// Adds the sequences of one mini-batch and their labels to metrics, without those of weight 0.
template <class B, class Loss, class Y, class Target, class... Metrics>
void add_sequences(const Loss& loss, const Y& y, const Target& target, std::vector<typename B::scalar>& host,
                   Metrics&... metrics) {
    using S = typename B::scalar;
    constexpr bool of_labels = (metric::LabelMetric<Metrics, S> && ...);
    static_assert(of_labels, "rondo::evaluate: a metric takes no sequences of labels, which are this loss's targets");
    if constexpr (of_labels) {
        const Tokens& values = values_of(target);
        host.resize(y.size());
        B::download(host.data(), y.value, y.size());
        const SequenceView<const S, Y::rows> outputs{host.data(), nullptr, y.extent};
        const Extent& e = values.extent;
        std::vector<int> labels;
        for (int b = 0; b < e.batch; ++b) {
            labels.clear();
            for (int u = 0; u < e.length(b); ++u) labels.push_back(values.value[u * e.batch + b]);
            const metric::Labelled<S> sequence{sequence_scores(outputs, b), labels, loss.blank,
                                               e.steps > 0 ? weight_of(target, std::size_t(b)) : 1};
            if (sequence.weight != 0) (metrics.add(sequence), ...);
        }
    }
}
template <class Metric>
void report(std::vector<MetricValue>& to, const Metric& metric) {
    if constexpr (metric::HasValue<Metric>)
        to.push_back({metric.name(), metric.value(), metric::larger_is_better<Metric>()});
}
}

namespace detail {
template <class Net, Backend B, class Data, class Loss, class... Metrics>
Evaluation evaluate_in_one_pass(const Model<Net, B>& model, Data& batches, const Loss& loss, Metrics&... metrics) {
    Workspace<Net, B> work;
    BatchState<Net, B> state{0};
    DeviceBatch<B> device;
    std::vector<typename B::scalar> host;
    Evaluation all;
    (metrics.clear(), ...);
    for (std::size_t k = 0; k < batches.count(); ++k) {
        const auto batch = batches.at(k);
        const Extent& e = batch.target.extent;
        (check)(problem(e));
        std::apply([&](const auto&... x) { ((check)(batch_problem(x.extent, e)), ...); }, batch.inputs);
        int classes = (std::numeric_limits<int>::max)();
        if constexpr (requires { Net::output_size; }) classes = Net::output_size;
        (check)((loss.check)(batch.target, classes));
        const bool carries = batch.state_policy != StatePolicy::none;
        if (batch.state_policy == StatePolicy::resume) (check)(go_on_problem(e.batch, state.batch()));
        if (carries && (batch.state_policy == StatePolicy::start || state.batch() != e.batch)) state.reset(e.batch);

        const double terms = loss.terms(batch.target);
        const auto placed = device.place(work.backend(), batch);
        // Not a lambda within decltype: clang 14 would crash where it reads this from a precompiled header.
        const auto outputs = [&](const auto&... x) { return work.forward(model, x...); };
        using Y = decltype(std::apply(outputs, placed.inputs));
        std::optional<Y> y;
        const double mean = work.evaluate(
            model, carries ? &state : nullptr,
            [&](auto& run) {
                y = std::apply([&](const auto&... x) { return Net::forward(run, x...); }, placed.inputs);
                return loss(run, *y, placed.target, terms);
            },
            device.host());
        if constexpr (OverLabels<Loss>) add_sequences<B>(loss, *y, batch.target, host, metrics...);
        else add_columns<B>(loss, *y, batch.target, host, metrics...);
        if (terms == 0) continue;
        all.loss.sum += mean * terms;
        all.loss.terms += terms;
    }
    if (!(all.loss.terms > 0)) fail(Error::Kind::argument, "rondo::evaluate: expected one target or more, got none");
    (report(all.metrics, metrics), ...);
    return all;
}
}

/// The loss and metrics over all mini-batches in their current order, without dropout, in one pass.
///
///   const Evaluation e = evaluate(model, held_out, CrossEntropy{}, metric::Accuracy{}, metric::F1{});
///   std::printf("%g, %g right\n", e.mean(), e.metric("accuracy"));
///
/// A metric of one's own satisfies metric::Metric; one that is passed by reference keeps what it has counted.
///
/// Errors  those of the loss and of the network; argument: no mini-batch has a target, so there is no loss.
/// Memory  a workspace in each call. One thread.
template <class Net, Backend B, Batches Data, class Loss, class... Metrics>
    requires (sizeof...(Metrics) > 0)
Evaluation evaluate(const Model<Net, B>& model, Data& batches, const Loss& loss, Metrics&&... metrics) {
    static_assert((metric::Clears<std::remove_cvref_t<Metrics>> && ...),
                  "rondo::evaluate: an argument after the loss is no metric; a trainer has a loss of its own");
    using Batch = std::remove_cvref_t<decltype(batches.at(0))>;
    if constexpr (!(metric::Clears<std::remove_cvref_t<Metrics>> && ...)) return {};
    else if constexpr (detail::can_train<Net, Loss, B, Batch>) {
        return detail::evaluate_in_one_pass(model, batches, loss, metrics...);
    } else {
        static_cast<void>(sizeof(detail::TrainingMistake<Net, Loss, B, Batch>));
        return {};
    }
}

} // namespace rondo
