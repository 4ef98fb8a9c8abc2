// SPDX-License-Identifier: MIT
#pragma once

#include "gradients.hpp"

/// Checks the gradients of a network's parameters and inputs with each loss, with and without padding and dropout.
template <class Case>
struct NetworkGradients : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    static constexpr int steps = 4, batch = 3;

    enum class Loss { cross_entropy, squared, binary };

    void check(Loss loss) {
        const int lengths[]{3, 0, 4};
        check(loss, {steps, batch}, false);
        check(loss, {steps, batch, lengths}, true);
    }

private:
    static void check(Loss loss, const rondo::Extent& extent, bool dropout) {
        const rondo::Model<Net, B> model{rondo::Seed{42}};
        const Targets<B> targets{Net::output_size * extent.columns(), Net::output_size};
        const auto loss_of = [&](auto& run, const auto& y) {
            switch (loss) {
            case Loss::cross_entropy: return targets.cross_entropy(run, y);
            case Loss::squared: return targets.squared(run, y);
            default: return targets.binary(run, y);
            }
        };
        const rondo::Randomness randomness{rondo::Seed{3}, 5, dropout};
        if constexpr (reads_tokens<Net>) {
            auto tokens = whole_numbers(extent.columns(), Net::vocabulary, 2);
            // The embedding's row of a padding token is not trained, whatever the loss's gradient.
            for (int& token : tokens)
                if (token == Net::tensors[0].padding) token = token == 0 ? 1 : token - 1;
            const DeviceSequence<B, int, 1> x{tokens, extent};
            expect_gradients(model, {}, randomness,
                             [&](auto& run) { return loss_of(run, Net::forward(run, x.input())); });
        } else {
            auto numbers = normal_numbers(Net::input_size * extent.columns(), 2);
            // Padding must not be read.
            for (std::size_t column = 0; column < extent.columns(); ++column)
                if (!extent.active(int(column) / batch, int(column) % batch))
                    std::fill_n(numbers.begin() + std::ptrdiff_t(column) * Net::input_size, Net::input_size,
                                std::nan(""));
            Given<B> x{std::move(numbers)};
            expect_gradients(model, {&x}, randomness, [&](auto& run) {
                const rondo::SequenceView<const double, Net::input_size> input{x.value(), x.gradient(), extent};
                return loss_of(run, Net::forward(run, input));
            });
        }
    }
};

TYPED_TEST_SUITE_P(NetworkGradients);
TYPED_TEST_P(NetworkGradients, cross_entropy) { this->check(TestFixture::Loss::cross_entropy); }
TYPED_TEST_P(NetworkGradients, squared) { this->check(TestFixture::Loss::squared); }
TYPED_TEST_P(NetworkGradients, binary) { this->check(TestFixture::Loss::binary); }
REGISTER_TYPED_TEST_SUITE_P(NetworkGradients, cross_entropy, squared, binary);
