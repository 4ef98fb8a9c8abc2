// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/memory.hpp"
#include "../core/parameter_spec.hpp"
#include "../graph/frozen_parameters.hpp"
#include "../model/workspace.hpp"

#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// r += m (sum / n - r), with the number n of the sum's terms and m = momentum, or 1 / (1 + steps) if it is negative
template <class S>
struct UpdateAverage {
    S* average;
    const S *sum, *terms, *steps;
    S momentum;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        if (!(*terms > S(0))) return; // the forward has not computed it
        const S weight = momentum >= S(0) ? momentum : S(1) / (S(1) + *steps);
        const P old = L::load(average + k), next = L::load(sum + k) / P(*terms);
        L::store(average + k, old + P(weight) * (next - old));
    }
};
template <class S>
struct UpdateCount {
    S* steps;
    const S* terms;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        if (*terms > S(0)) *steps += S(1);
    }
};

/// Updates running averages from what a backward has left in their places in the gradient: in that of a count the
/// number of terms, and in those of the averages before it the sums of these terms. Those that are frozen stay.
template <class Used, class S>
void update_running_averages(Used& used, std::span<const ParameterSpec> tensors, S* parameters, const S* gradient,
                             const FrozenParameters& frozen = {}) {
    using Role = ParameterSpec::Role;
    std::size_t first = 0; // of the averages that the next count belongs to
    for (std::size_t k = 0; k < tensors.size(); ++k) {
        if (tensors[k].role != Role::count) continue;
        const std::size_t count = tensors[k].offset;
        for (; first < k; ++first)
            if (const ParameterSpec& t = tensors[first]; t.role == Role::average && !frozen.contains(t.offset))
                used.elements(UpdateAverage<S>{parameters + t.offset, gradient + t.offset, gradient + count,
                                               parameters + count, S(t.momentum)},
                              padded(t.size()));
        if (!frozen.contains(count)) used.columns(UpdateCount<S>{parameters + count, gradient + count}, 1);
    }
}

}

/// Updates a model's running averages after a training step of the caller's own, whose backward has added to
/// `gradient`. A Trainer does it itself. That training step changes the first trained_size<Net> parameters only.
template <class Net, Backend B>
void update_averages(Workspace<Net, B>& work, Model<Net, B>& model, const Model<Net, B>& gradient) {
    detail::update_running_averages(work.backend(), Net::tensors, model.data(), gradient.data());
}

} // namespace rondo
