// SPDX-License-Identifier: MIT
#pragma once

#include "streamed.hpp"

#include <rondo/layer/rnn.hpp>
#include <rondo/layer/variant.hpp>

#include <memory/sanitized.hpp>
#include <support/compositions.hpp>

/// A stream against the same network over the whole sequence.
template <class Net>
struct StreamTest : testing::Test {
    // To rounding: a product of one column sums in another order than one of all columns.
    template <class S>
    static void equals_unrolled() {
        const auto model = drawn_model<Net, S>(3);
        const rondo::Packed packed{model};
        StreamOf<Net, S> stream{packed};
        for (const int steps : {1, 3, 5, 20, 33}) {
            const auto x = inputs<Net, S>(steps, std::uint64_t(steps));
            stream.reset();
            const auto got = streamed(stream, x, 0, std::size_t(steps));
            EXPECT_LT(law::difference(unrolled<Net, S>(model, x), got), law::tolerance<S>) << steps << " steps";
            stream.reset();
            EXPECT_EQ(law::differing(streamed(stream, x, 0, std::size_t(steps)), got), 0u) << "again, to the bit";
        }
    }
    /// Under sanitizers in double only.
    static void equals_unrolled_in_float_and_double() {
        equals_unrolled<double>();
#ifndef RONDO_TEST_SANITIZED
        equals_unrolled<float>();
#endif
    }
};

/// Cells of other equations, one of them without biases.
using Variants = rondo::Sequential<
    rondo::LSTMVariant<3, 20,
                       rondo::cell::Variant{.gate{rondo::cell::Function::hardsigmoid, {3, 10}, {2, 5}},
                                            .output{rondo::cell::Function::elu, {1}},
                                            .clip = rondo::Ratio{1, 2},
                                            .coupled = true,
                                            .peepholes = true},
                       rondo::Stack{.layers = 2, .bias = false}>,
    rondo::GRUVariant<20, 5, rondo::cell::Variant{.candidate{rondo::cell::Function::softsign}}>,
    rondo::GRUResetBeforeVariant<5, 3, rondo::cell::Variant{.clip = rondo::Ratio{1, 4}}>,
    rondo::RNNVariant<3, 3, rondo::cell::Variant{.candidate{rondo::cell::Function::affine, {1, 2}, {1, 4}}}>>;

/// LSTMs whose h is projected: to less than a pack, whole packs, packs and a rest; with what else a cell may have.
using Projections = rondo::Sequential<
    rondo::LSTM<3, 128, rondo::Stack{.projection = 32}>,
    rondo::LSTM<32, 20, rondo::Stack{.layers = 2, .projection = 5}>,
    rondo::Residual<rondo::LSTM<5, 33, rondo::Stack{.bias = false, .projection = 5}>>,
    rondo::LSTMVariant<5, 33, rondo::cell::Variant{.clip = rondo::Ratio{1, 2}, .coupled = true, .peepholes = true},
                       rondo::Stack{.projection = 20}>,
    rondo::LSTM<20, 3, rondo::Stack{.projection = 1}>>;

template <int Hidden>
using Cells =
    rondo::Sequential<rondo::Named<"lstm", rondo::LSTM<3, Hidden>>, rondo::Named<"gru", rondo::GRU<Hidden, 5>>,
                      rondo::Named<"before", rondo::GRUResetBefore<5, Hidden>>,
                      rondo::Named<"rnn", rondo::RNN<Hidden, 3, rondo::Stack{.layers = 2, .dropout = rondo::Rate{50}}>>,
                      rondo::Named<"relu", rondo::ReluRNN<3, 1>>>;
