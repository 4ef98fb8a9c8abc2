// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>
#include <rondo/data/batch.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>

#include <cstdint>
#include <vector>

// Networks and data of the tests of training.

/// Reads seven symbols, with dropout between and after its layers.
using Letters =
    rondo::Sequential<rondo::Named<"in", rondo::Embedding<7, 5>>,
                      rondo::Named<"lstm", rondo::LSTM<5, 20, rondo::Stack{.layers = 2, .dropout = rondo::Rate{30}}>>,
                      rondo::Dropout<20, rondo::Rate{1, 4}>, rondo::Named<"out", rondo::Linear<20, 7>>>;

/// Estimates a number from three features.
using Tracker = rondo::Sequential<rondo::Named<"gru", rondo::GRU<3, 5>>, rondo::Named<"fc", rondo::Linear<5, 1>>>;

inline std::vector<int> letters(std::size_t count, std::uint64_t seed = 1) {
    std::vector<int> all(count);
    for (std::size_t k = 0; k < count; ++k)
        all[k] = int(rondo::RandomStream{rondo::Seed{seed}, rondo::Purpose::user}.wide(k) % 7);
    return all;
}

template <class S>
std::vector<S> normal_numbers(std::size_t count, std::uint64_t seed = 1) {
    std::vector<S> all(count);
    for (std::size_t k = 0; k < count; ++k)
        all[k] = S(rondo::RandomStream{rondo::Seed{seed}, rondo::Purpose::user}.normal(k));
    return all;
}

/// Batches of a Tracker, with random numbers.
template <class S>
struct Tracks {
    std::vector<S> x, y;
    rondo::Extent extent;

    Tracks(int steps, int batch, std::uint64_t seed = 1)
        : x{normal_numbers<S>(std::size_t(3 * steps * batch), seed)},
          y{normal_numbers<S>(std::size_t(steps * batch), seed + 1)}, extent{steps, batch} {}
    rondo::Batch<rondo::SequenceView<const S, 1>, rondo::SequenceView<const S, 3>>
    batch(rondo::StatePolicy carry = rondo::StatePolicy::none) const {
        return {{rondo::SequenceView<const S, 3>{x.data(), nullptr, extent}}, {y.data(), nullptr, extent}, carry};
    }
};
