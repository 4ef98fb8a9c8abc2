// SPDX-License-Identifier: MIT
#pragma once

#include "sessions.hpp"

#include <rondo/stream/streams.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace common {

/// The latencies and the rate of a run.
struct ServiceFigures {
    double requests_per_second = 0, p99_us = 0;
};

/// A service whose requests arrive in random groups: each of a session, with values_a_request values of one sensor. A
/// group is answered before the next arrives; the latency of a request begins with the arrival of its group.
template <class Net>
class GroupedService {
    using Clock = std::chrono::steady_clock;
    using Sessions = rondo::Streams<Net>;

public:
    GroupedService(const rondo::Packed<Net>& weights, std::size_t sessions, std::size_t requests)
        : weights_{weights}, sessions_{sessions}, requests_{requests} {}

    /// One request after another, each with a stream of its own.
    ServiceFigures one_by_one(std::vector<float>& answers) const {
        std::vector<rondo::Stream<Net>> streams(sessions_, rondo::Stream<Net>{weights_});
        return serve(answers, [&](std::span<const std::size_t> group, std::span<const float> x, std::span<float> y,
                                  auto answered) {
            for (std::size_t k = 0; k < group.size(); ++k) {
                for (std::size_t t = 0; t < values_a_request; ++t)
                    y[t * group.size() + k] = streams[group[k]].step(x[t * group.size() + k])[0];
                answered(1);
            }
        });
    }
    /// The requests of a group together, as many at a time as read the weights once.
    ServiceFigures together(std::vector<float>& answers) const {
        Sessions streams{weights_, sessions_};
        std::vector<typename Sessions::Handle> all(sessions_), handles;
        for (auto& one : all) one = streams.join();
        return serve(answers, [&](std::span<const std::size_t> group, std::span<const float> x, std::span<float> y,
                                  auto answered) {
            const std::size_t count = group.size();
            handles.clear();
            for (const std::size_t session : group) handles.push_back(all[session]);
            for (std::size_t first = 0, n = 0; first < count; first += n) {
                n = (std::min)(Sessions::group, count - first);
                for (std::size_t t = 0; t < values_a_request; ++t)
                    if (!streams.step(std::span{handles}.subspan(first, n), x.subspan(t * count + first, n),
                                      y.subspan(t * count + first, n)))
                        rondo::fail(rondo::Error::Kind::argument, "a session has left");
                answered(n);
            }
        });
    }

private:
    template <class Answer>
    ServiceFigures serve(std::vector<float>& answers, Answer&& answer) const {
        constexpr std::size_t largest = 64;
        std::mt19937_64 random{1};
        std::vector<std::size_t> sessions(sessions_);
        std::iota(sessions.begin(), sessions.end(), std::size_t(0));
        std::vector<double> latencies;
        answers.assign(requests_ * values_a_request, 0);
        std::vector<float> x(largest * values_a_request);
        Clock::duration busy{};
        for (std::size_t first = 0; first < requests_;) {
            const std::size_t count = (std::min)({1 + random() % largest, sessions_, requests_ - first});
            for (std::size_t k = 0; k < count; ++k) std::swap(sessions[k], sessions[k + random() % (sessions_ - k)]);
            for (float& value : x) value = float(random() % 1000) / 500 - 1;
            const auto arrival = Clock::now();
            answer(std::span<const std::size_t>{sessions}.first(count), std::span<const float>{x},
                   std::span{answers}.subspan(first * values_a_request, count * values_a_request),
                   [&](std::size_t requests) {
                       const double time = std::chrono::duration<double, std::micro>(Clock::now() - arrival).count();
                       latencies.insert(latencies.end(), requests, time);
                   });
            busy += Clock::now() - arrival;
            first += count;
        }
        std::ranges::sort(latencies);
        return {double(requests_) / std::chrono::duration<double>(busy).count(),
                latencies[latencies.size() * 99 / 100]};
    }

    const rondo::Packed<Net>& weights_;
    std::size_t sessions_, requests_;
};

} // namespace common
