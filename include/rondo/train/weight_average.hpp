// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../model/parameter_buffer.hpp"
#include "moving_average.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// a += weight (p - a)
template <class S>
struct MoveAverage {
    S* average;
    const S* p;
    S weight;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        using P = typename L::P;
        const P old = L::load(average + k);
        L::store(average + k, weight == S(1) ? L::load(p + k) : old + P(weight) * (L::load(p + k) - old));
    }
};

/// The average of a model's parameters over training steps, if there is one.
///
/// Memory  a buffer as large as the model's, allocated by the constructor.
template <Backend B>
class WeightAverage {
public:
    using scalar = typename B::scalar;

    WeightAverage(const std::optional<MovingAverage>& settings, const ParameterBuffer<B>& model) : settings_{settings} {
        if (settings_) assign(model.values());
    }
    explicit operator bool() const { return settings_.has_value(); }

    /// After a training step. `used`: the backend, or a NonFiniteGuard; `trained`: how many parameters are averaged.
    template <class Used>
    void update(Used& used, const scalar* parameters, std::size_t trained, std::int64_t steps) {
        if (!settings_) return;
        const double weight = 1 - settings_->decay_after(steps);
        used.elements(MoveAverage<scalar>{B::data(average_), parameters, scalar(weight)}, trained);
    }
    /// Exchanges the average and the model's parameters; running averages, which come after those, stay.
    void swap(B& backend, ParameterBuffer<B>& model, std::size_t trained) {
        if (!settings_) return;
        backend.copy(B::data(average_) + trained, model.data() + trained, model.count() - trained);
        if constexpr (Asynchronous<B>) backend.wait();
        model.swap(average_);
    }
    void assign(const std::vector<scalar>& host) { B::upload(average_, host.data(), host.size()); }
    /// The averages, and the model's own numbers after the first `trained`.
    std::vector<scalar> values(const ParameterBuffer<B>& model, std::size_t trained) const {
        std::vector<scalar> all = model.values();
        B::download(all.data(), B::data(average_), trained);
        return all;
    }
    std::vector<scalar> values() const {
        std::vector<scalar> host(average_.size());
        B::download(host.data(), B::data(average_), host.size());
        return host;
    }

private:
    std::optional<MovingAverage> settings_;
    typename B::template buffer<scalar> average_;
};

} // namespace rondo::detail
