// SPDX-License-Identifier: MIT
#pragma once

#include "../model/state_widths.hpp"
#include "../model/workspace.hpp"
#include "check_training.hpp"
#include "trainer_base.hpp"

#include <concepts>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Trains a model's parameters, one mini-batch a step.
///
/// With an asynchronous backend (a device) and one worker, enqueued steps do not synchronize: the finite check and
/// clipping run on the device, and after a step that was not finite, parameters and optimizer memory do not change
/// until collect. Up to the optimizer's update, steps with equal programs and without lengths are one captured graph
/// (the backend's `repeat`).
///
/// Memory  optimizer memory, and a gradient for each worker, are allocated by the constructor; a workspace for each
///         worker by the first step of the largest extents. Later steps allocate nothing.
/// Errors  a loss or gradient that is not finite: an error that names the step and the input, target or tensor. Tokens,
///         targets or lengths that are invalid for the loss or the network; a mini-batch whose number of sequences
///         differs from that of the persistent states; a schedule without a valid factor. The parameters stay those of
///         the previous step. Other exceptions of a network are passed on. After an error of a forward, and after
///         numbers that are not finite, persistent states are zero.
template <class Net, class Loss, class Rule, Backend B>
    requires Optimizer<Rule, B>
class Trainer : public detail::TrainerBase<Loss, Rule, B> {
    using Base = detail::TrainerBase<Loss, Rule, B>;

public:
    using scalar = typename B::scalar;
    static constexpr std::size_t size = Model<Net, B>::size;

    Trainer(const Model<Net, B>&, Loss, Rule, TrainerSettings = {}) = delete; // a Trainer changes its model
    Trainer(Model<Net, B>& model, Loss loss, Rule rule, TrainerSettings settings = {})
        : Base{model, sizes, std::move(loss), std::move(rule), std::move(settings)} {}

    /// One step: loss, gradient, clipping, update. Returns the loss before the update, including that of pending steps,
    /// which are collected.
    template <class Batch>
    LossSum step(const Batch& batch, Error& error) {
        if constexpr (detail::can_train<Net, Loss, B, Batch>) return Base::step(batch, record<Batch>(), error);
        else return explain<Batch>();
    }
    template <class Batch>
    LossSum step(const Batch& batch) {
        return or_fail([&](Error& error) { return step(batch, error); });
    }

    /// Enqueues a step; collect returns its loss or its error. With an asynchronous backend this does not synchronize.
    /// steps() counts the step.
    ///
    /// Errors  those that are known before the step is computed; the step is not enqueued then.
    template <class Batch>
    void enqueue(const Batch& batch, Error& error) {
        if constexpr (detail::can_train<Net, Loss, B, Batch>) Base::enqueue(batch, record<Batch>(), error);
        else explain<Batch>();
    }
    template <class Batch>
    void enqueue(const Batch& batch) {
        or_fail([&](Error& error) { enqueue(batch, error); });
    }

    /// A mini-batch's loss without dropout and without an update. Persistent states are separate from those of
    /// training.
    template <class Batch>
    LossSum evaluate(const Batch& batch, Error& error) {
        if constexpr (detail::can_train<Net, Loss, B, Batch>) return Base::evaluate(batch, record<Batch>(), error);
        else return explain<Batch>();
    }
    template <class Batch>
    LossSum evaluate(const Batch& batch) {
        return or_fail([&](Error& error) { return evaluate(batch, error); });
    }

    /// The model with the moving average of its parameters; a copy of the model without TrainerSettings::average.
    Model<Net, B> averaged() const {
        Model<Net, B> copy = model();
        if (Base::average()) copy.assign(Base::averaged_values());
        return copy;
    }

    Model<Net, B>& model() { return static_cast<Model<Net, B>&>(Base::model()); }
    const Model<Net, B>& model() const { return static_cast<const Model<Net, B>&>(Base::model()); }

    /// The function that records a step of this network.
    template <class Batch>
    static constexpr auto record() {
        return &detail::record_step<Net, B, Loss, Batch>;
    }

private:
    template <class Batch>
    static LossSum explain() {
        static_cast<void>(sizeof(detail::TrainingMistake<Net, Loss, B, Batch>));
        return {};
    }
    static constexpr detail::NetworkSizes sizes = [] {
        detail::NetworkSizes all{Net::tensors,      detail::state_widths<Net>, parameter_count<Net>,
                                 trained_size<Net>, detail::state_size<Net>,   (std::numeric_limits<int>::max)()};
        if constexpr (requires { Net::output_size; }) all.classes = Net::output_size;
        if constexpr (requires { requires Net::vocabulary > 0; }) all.vocabulary = Net::vocabulary;
        return all;
    }();
};

} // namespace rondo
