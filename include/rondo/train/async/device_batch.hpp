// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../../data/batch.hpp"
#include "../../graph/host_copy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The parameters of a step that are copied to the device with a batch: the number of the step, for random numbers, and
/// the slot that records its loss.
struct StepNote {
    std::uint64_t step = 0, slot = 0;
};

/// A copy of a mini-batch in the backend's memory. Lengths stay in host memory.
///
/// Memory  the size of the largest batch, on host and device; none if the backend's memory is the host's.
template <Backend B>
class DeviceBatch {
public:
    template <class Target, class... Inputs>
    Batch<Target, Inputs...> place(B& backend, const Batch<Target, Inputs...>& batch, const StepNote& note = {}) {
        Batch<Target, Inputs...> placed = batch;
        if constexpr (!OnHost<B>) {
            const auto each = [&](const auto& f) {
                each_view(placed.target, f);
                std::apply([&](auto&... x) { (f(x), ...); }, placed.inputs);
            };
            std::size_t bytes = line;
            each([&](const auto& x) { bytes += size(x); });
            if (bytes > device_.size()) {
                host_.resize(bytes);
                device_.resize(bytes);
            }
            std::memcpy(host_.data(), &note, sizeof note);
            std::size_t at = line;
            each([&](auto& x) {
                if (x.size() > 0) std::memcpy(host_.data() + at, x.value, x.size() * sizeof *x.value);
                x.value = reinterpret_cast<decltype(x.value)>(B::data(device_) + at);
                at += size(x);
            });
            backend.send(B::data(device_), host_.data(), bytes); // everything in one copy
        }
        return placed;
    }
    /// The host's copy of the last batch.
    HostCopy host() {
        if constexpr (OnHost<B>) return {};
        else return {B::data(device_), host_.data(), device_.size()};
    }
    const StepNote* note() { return reinterpret_cast<const StepNote*>(B::data(device_)); }

private:
    static constexpr std::size_t line = 64; // alignment of each part in bytes
    static_assert(sizeof(StepNote) <= line);
    static std::size_t size(const auto& x) { return (x.size() * sizeof *x.value + line - 1) / line * line; }

    Buffer<std::byte> host_;
    typename B::template buffer<std::byte> device_;
};

} // namespace rondo::detail
