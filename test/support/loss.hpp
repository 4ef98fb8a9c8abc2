// SPDX-License-Identifier: MIT
#pragma once

#include "backend.hpp"
#include "device.hpp"
#include "golden.hpp"

#include <rondo/core/weighted_target.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

/// A loss of `rows` numbers per step by itself, `outputs` for each target, in a forward pass of a network without
/// parameters.
template <class S, int rows, class Target, int outputs = 1>
class LossRun {
    using B = TestBackend<S>;

public:
    static constexpr int target_rows = std::is_same_v<Target, int> ? 1 : rows / outputs;

    // On the host.
    std::vector<S> y;
    std::vector<Target> target;
    std::vector<S> weight; // of the columns, if any
    rondo::Extent extent;
    std::vector<S> gradient = std::vector<S>(y.size());

    LossRun(std::vector<S> values, std::vector<Target> targets, const rondo::Extent& e)
        : y{std::move(values)}, target{std::move(targets)}, extent{e} {}
    explicit LossRun(const Golden& golden)
        : LossRun{golden.get<S>("x"), golden.get<Target>("target"), {golden.extent("x", 0), golden.extent("x", 1)}} {
        if (golden.has("weight")) weight = golden.get<S>("weight");
    }

    LossRun(const LossRun& other) : LossRun{other.y, other.target, other.extent} { weight = other.weight; }
    LossRun(LossRun&&) = default;

    rondo::SequenceView<const Target, target_rows> targets() const { return {target.data(), nullptr, extent}; }
    auto weighted() const {
        return rondo::WeightedTarget{targets(), rondo::SequenceView<const S, 1>{weight.data(), nullptr, extent}};
    }

    /// The loss over `terms` terms; adds its gradient to `gradient`.
    template <class Loss>
    double operator()(const Loss& loss, double terms) {
        DeviceSequence<B, S, rows> result{y, extent};
        result.gradient = on_device<B>(gradient);
        const DeviceSequence<B, Target, target_rows> wanted{target, extent};
        const DeviceSequence<B, S, 1> weights{weight, extent};
        const double total = work_.record(model_, nullptr, {}, [&](auto& run) {
            if (weight.empty()) return loss(run, result.view(), wanted.input(), terms);
            return loss(run, result.view(), rondo::WeightedTarget{wanted.input(), weights.input()}, terms);
        });
        gradient = result.gradients();
        return total;
    }
    template <class Loss>
    double operator()(const Loss& loss) {
        return (*this)(loss, weight.empty() ? loss.terms(targets()) : loss.terms(weighted()));
    }
    /// The same without gradients.
    template <class Loss>
    double value(const Loss& loss) {
        DeviceSequence<B, S, rows> result{y, extent};
        const DeviceSequence<B, Target, target_rows> wanted{target, extent};
        const DeviceSequence<B, S, 1> weights{weight, extent};
        const rondo::SequenceView<S, rows> plain{B::data(result.value), nullptr, extent};
        return work_.evaluate(model_, nullptr, [&](auto& run) {
            if (weight.empty()) return loss(run, plain, wanted.input(), loss.terms(targets()));
            return loss(run, plain, rondo::WeightedTarget{wanted.input(), weights.input()}, loss.terms(weighted()));
        });
    }

    template <class F>
    void each_padding_column(F&& f) const {
        for (int t = 0; t < extent.steps; ++t)
            for (int b = 0; b < extent.batch; ++b)
                if (!extent.active(t, b)) f(std::ptrdiff_t(t) * extent.batch + b);
    }
    /// The valid steps of the same numbers, as steps of one sequence.
    LossRun packed() const {
        LossRun all{{}, {}, {0, 1}};
        rondo::for_each_valid_range(extent, [&](std::size_t first, std::size_t count) {
            const auto from = std::ptrdiff_t(first), to = std::ptrdiff_t(first + count);
            all.y.insert(all.y.end(), y.begin() + from * rows, y.begin() + to * rows);
            all.target.insert(all.target.end(), target.begin() + from * target_rows, target.begin() + to * target_rows);
            all.extent.steps += int(count);
        });
        all.gradient.resize(all.y.size());
        return all;
    }

private:
    using Net = rondo::ReLU<rows>;
    rondo::Model<Net, B> model_;
    rondo::Workspace<Net, B> work_;
};

/// Compares value and gradients with PyTorch's; gradients are added to existing ones; inference gives the same value.
template <class S, int rows, class Target, int outputs = 1, class Loss>
void expect_golden(const Loss& loss, std::string_view name) {
    const Golden golden{"losses", name};
    LossRun<S, rows, Target, outputs> run{golden};
    for (const double runs : {1.0, 2.0}) {
        const S value = S(run(loss));
        golden.expect("loss", &value);
        golden.expect("dx", run.gradient.data(), runs);
    }
    const S value = S(run.value(loss));
    golden.expect("loss", &value);
}

/// Compares gradients with central differences of the value, in double.
template <int rows, class Target, int outputs = 1, class Loss>
void expect_differences(const Loss& loss, std::string_view name) {
    LossRun<double, rows, Target, outputs> run{Golden{"losses", name}};
    run(loss);
    for (std::size_t k = 0; k < run.y.size(); ++k) {
        const double y = run.y[k], d = 1e-5;
        run.y[k] = y + d;
        const double above = run.value(loss);
        run.y[k] = y - d;
        const double difference = (above - run.value(loss)) / (2 * d);
        run.y[k] = y;
        EXPECT_NEAR(run.gradient[k], difference, 1e-8 * std::max(1.0, std::abs(difference))) << name << ' ' << k;
    }
}

/// Padding of any content contributes neither to the value, nor to the number of terms, nor to the gradients.
template <class S, int rows, class Target, int outputs = 1, class Loss>
void expect_no_padding(const Loss& loss, std::string_view name) {
    const int lengths[]{1, 3, 0, 2};
    LossRun<S, rows, Target, outputs> run{Golden{"losses", name}};
    run.extent.lengths = lengths;
    auto valid = run.packed();
    ASSERT_EQ(valid.extent.steps, 6);
    run.each_padding_column([&](std::ptrdiff_t column) {
        std::fill_n(run.y.begin() + column * rows, rows, std::numeric_limits<S>::quiet_NaN());
        std::fill_n(run.target.begin() + column * run.target_rows, run.target_rows,
                    std::is_same_v<Target, int> ? Target(1 << 30) : std::numeric_limits<Target>::quiet_NaN());
    });
    EXPECT_EQ(loss.terms(run.targets()), loss.terms(valid.targets()));
    EXPECT_NEAR(run(loss), valid(loss), tolerance<S>);
    run.each_padding_column([&](std::ptrdiff_t column) {
        EXPECT_EQ(std::count(run.gradient.begin() + column * rows, run.gradient.begin() + (column + 1) * rows, S(0)),
                  rows)
            << column;
    });
    run.y = run.gradient;
    EXPECT_EQ(run.packed().y, valid.gradient);
}

/// Targets whose extent differs from that of the network's result are rejected.
template <class S, int rows, class Target, class Loss>
void expect_same_extents(const Loss& loss) {
    LossRun<S, rows, Target> run{std::vector<S>(6 * rows), std::vector<Target>(6 * rows), {3, 2}};
    for (const rondo::Extent wrong : {rondo::Extent{2, 2}, rondo::Extent{3, 1}, rondo::Extent{2, 3}}) {
        rondo::Model<rondo::ReLU<rows>, TestBackend<S>> model;
        rondo::Workspace<rondo::ReLU<rows>, TestBackend<S>> work;
        const rondo::SequenceView<const Target, run.target_rows> target{run.target.data(), nullptr, wrong};
        try {
            work.evaluate(model, nullptr, [&](auto& r) {
                return loss(r, rondo::SequenceView<S, rows>{run.y.data(), nullptr, run.extent}, target, 1);
            });
            FAIL() << "targets of " << wrong.steps << " steps of " << wrong.batch;
        } catch (const rondo::Failure& failure) {
            EXPECT_EQ(failure.error().kind, rondo::Error::Kind::argument);
            EXPECT_EQ(failure.error().message, "rondo: the network gave 3 steps of 2 sequences, the targets are " +
                                                   std::to_string(wrong.steps) + " steps of " +
                                                   std::to_string(wrong.batch));
        }
    }
}
