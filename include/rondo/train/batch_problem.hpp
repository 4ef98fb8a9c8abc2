// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/extent.hpp"
#include "../data/batch.hpp"
#include "../op/lookup.hpp"
#include "network_sizes.hpp"
#include "trainer_settings.hpp"

#include <tuple>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// An error of a mini-batch that does not fit the loss, the network or, if it goes on from the states of `before`
/// sequences, those.
template <class Batch, class Loss>
Error training_batch_problem(const Batch& batch, const Loss& loss, const NetworkSizes& network, int before) {
    Error error = rondo::problem(batch.target.extent);
    const auto fits = [&](const Extent& x) {
        if (!error) error = batch_problem(x, batch.target.extent);
    };
    std::apply([&](const auto&... x) { (fits(x.extent), ...); }, batch.inputs);
    if (!error) error = (loss.check)(batch.target, network.classes);
    if constexpr (requires { token_outside(std::get<0>(batch.inputs), 0); })
        if (!error && network.vocabulary > 0) error = token_outside(std::get<0>(batch.inputs), network.vocabulary);
    if (!error && batch.state_policy == StatePolicy::resume) error = go_on_problem(batch.sequences(), before);
    return error;
}

} // namespace rondo::detail
