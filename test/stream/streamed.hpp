// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/stream/stream.hpp>

#include <laws/batch.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

template <class Net, class S>
using StreamOf = rondo::Stream<Net, rondo::EigenBackend<S>>;

/// A model whose averages and constants are drawn, too, from 0.5 on.
template <class Net, class S>
auto drawn_model(std::uint64_t seed) {
    rondo::Model<Net, rondo::EigenBackend<S>> model{rondo::Seed{seed}};
    auto values = model.values();
    for (const rondo::ParameterSpec& t : Net::tensors) {
        if (t.trained() && t.role != rondo::ParameterSpec::Role::constant) continue;
        const auto numbers = normal_numbers<S>(t.size(), seed + t.offset);
        for (std::size_t k = 0; k < t.size(); ++k) values[t.offset + k] = S(0.5) + std::abs(numbers[k]);
    }
    model.assign(values);
    return model;
}

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
