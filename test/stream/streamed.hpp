// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/stream/stream.hpp>

#include <laws/batch.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

template <class Net, class S>
using StreamOf = rondo::Stream<Net, rondo::EigenBackend<S>>;

/// A network's inputs for `steps` steps of a stream, as one sequence.
template <class Net, class S>
auto inputs(int steps, std::uint64_t seed) {
    if constexpr (StreamOf<Net, S>::reads_tokens) return letters(std::size_t(steps), seed);
    else return normal_numbers<S>(std::size_t(steps) * StreamOf<Net, S>::inputs_size, seed);
}

/// What the network gives for the whole sequence at once.
template <class Net, class S, class X>
std::vector<S> unrolled(const rondo::Model<Net, rondo::EigenBackend<S>>& model, const std::vector<X>& x) {
    rondo::Workspace<Net, rondo::EigenBackend<S>> work;
    const int steps = int(x.size()) / Net::input_size;
    const auto y = work.forward(model, rondo::SequenceView<const X, Net::input_size>{x.data(), nullptr, {steps, 1}});
    return {y.value, y.value + y.size()};
}

template <class Stream, class X>
std::vector<typename Stream::scalar> streamed(Stream& stream, const std::vector<X>& x, std::size_t first,
                                              std::size_t count) {
    std::vector<typename Stream::scalar> all;
    constexpr std::size_t size = Stream::inputs_size;
    for (std::size_t t = first; t < first + count; ++t) {
        const auto y = stream.step(std::span<const X, size>{x.data() + t * size, size});
        all.insert(all.end(), y.begin(), y.end());
    }
    return all;
}
