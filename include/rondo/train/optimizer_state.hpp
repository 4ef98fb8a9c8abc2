// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../graph/frozen_parameters.hpp"
#include "../optimizer/concept.hpp"
#include "../optimizer/parameter_groups.hpp"
#include "network_sizes.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

template <class Rule>
concept DecaysWeights = requires(Rule& rule) {
    { rule.weight_decay } -> std::same_as<double&>;
};

template <class Rule>
concept HasRate = requires(const Rule& rule) {
    { rule.rate } -> std::convertible_to<double>;
};

/// An update rule, its memory, and the groups of parameters that it treats differently.
///
/// Memory  Rule::memories buffers as large as the model's, allocated by the constructor, frozen parameters included; an
///         entry for each range of parameters with the same settings.
template <class Rule, Backend B>
class OptimizerState {
public:
    using scalar = typename B::scalar;
    using Memory = std::array<typename B::template buffer<scalar>, std::size_t(Rule::memories)>;

    /// Errors  those of the rule, and of a group.
    OptimizerState(Rule rule, const NetworkSizes& network, std::size_t size, std::span<const ParameterGroup> groups)
        : rule_{std::move(rule)}, trained_{network.trained} {
        (check)(rule_.problem());
        Error error;
        ranges_ = parameter_ranges(network.tensors, trained_, groups, DecaysWeights<Rule>, error);
        (check)(error);
        for (const ParameterRange& range : ranges_)
            if (range.frozen) frozen_.add(range.first, range.count);
        for (auto& memory : memory_) memory.resize(size);
    }

    const Rule& rule() const { return rule_; }
    Memory& memory() { return memory_; }
    const Memory& memory() const { return memory_; }
    const FrozenParameters& frozen() const { return frozen_; }
    /// The parameters that are updated, in a buffer's beginning.
    std::size_t trained() const { return trained_; }

    /// Updates all parameters that are not frozen. `used`: the backend, or a NonFiniteGuard.
    template <class Used>
    void step(Used& used, scalar* parameters, const scalar* gradient, std::int64_t step, double factor) {
        for (const ParameterRange& range : ranges_) {
            if (range.frozen || range.first >= trained_) continue;
            std::array<scalar*, std::size_t(Rule::memories)> memory;
            for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = B::data(memory_[k]) + range.first;
            const Update<scalar> update{
                parameters + range.first, gradient + range.first, memory.data(), range.count, step,
                factor * range.rate};
            if constexpr (DecaysWeights<Rule>)
                if (range.weight_decay) {
                    Rule other = rule_;
                    other.weight_decay = *range.weight_decay;
                    other.step(used, update);
                    continue;
                }
            rule_.step(used, update);
        }
    }

private:
    Rule rule_;
    std::size_t trained_;
    std::vector<ParameterRange> ranges_;
    FrozenParameters frozen_;
    Memory memory_;
};

/// Sets the gradient of frozen parameters to zero, so that it counts in no norm.
template <class B>
void clear_frozen(B& backend, const FrozenParameters& frozen, typename B::scalar* gradient) {
    frozen.each(
        [&](std::size_t first, std::size_t count) { backend.fill(gradient + first, count, typename B::scalar(0)); });
}

} // namespace rondo::detail
