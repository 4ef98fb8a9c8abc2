// SPDX-License-Identifier: MIT
#include <rondo/data/token_streams.hpp>

#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/fit.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace token_streams_test {

using namespace rondo;

static_assert(Batches<TokenStreams>);

TEST(TokenStreams, ReadsEachStreamFromItsBeginningToItsEnd) {
    for (const int length : {1, 3, 5, 20, 33})
        for (const int size : {34, 66, 67, 100})
            for (const int batch : {1, 3, 5, 20, 33}) {
                std::vector<int> text(std::size_t(size), 0);
                std::iota(text.begin(), text.end(), 100);
                TokenStreams data{text, length, batch};
                const int steps = (size - 1) / batch;
                ASSERT_EQ(data.count(), std::size_t((steps + length - 1) / length));
                for (const std::int64_t epoch : {0, 1}) {
                    data.begin_epoch(Seed{7}, epoch);
                    for (int k = 0; k < int(data.count()); ++k) {
                        const auto [inputs, target, carry, part] = data.at(std::size_t(k));
                        const Tokens& x = std::get<0>(inputs);
                        EXPECT_EQ(carry, k == 0 ? StatePolicy::start : StatePolicy::resume);
                        EXPECT_EQ(part.sequences, 0);
                        ASSERT_EQ(x.extent, (Extent{std::min(length, steps - k * length), batch}));
                        ASSERT_EQ(x.extent, target.extent);
                        for (int t = 0; t < x.extent.steps; ++t)
                            for (int b = 0; b < batch; ++b) {
                                EXPECT_EQ(x.value[t * batch + b], 100 + b * steps + k * length + t);
                                EXPECT_EQ(target.value[t * batch + b], x.value[t * batch + b] + 1);
                            }
                    }
                }
                EXPECT_LT(size - 1 - steps * batch, batch) << "tokens that are not read";
            }
}

TEST(TokenStreams, RefusesATextTooShort) {
    const std::vector<int> text(33, 1);
    EXPECT_EQ(TokenStreams(text, 5, 32).count(), 1u);
    expect_argument([&] { TokenStreams(text, 5, 33); },
                    "rondo::TokenStreams: 33 streams need a text of 34 tokens or more, got 33");
    expect_argument([] { TokenStreams(std::span<const int>{}, 1, 1); },
                    "rondo::TokenStreams: 1 streams need a text of 2 tokens or more, got 0");
    expect_argument([&] { TokenStreams(text, 0, 3); },
                    "rondo::TokenStreams: length and batch: expected 1 or more, got 0 and 3");
    expect_argument([&] { TokenStreams(text, 3, 0); },
                    "rondo::TokenStreams: length and batch: expected 1 or more, got 3 and 0");
}

// An epoch of carried batches is one long forward, cut: the same loss over all steps, for whatever length, and again in
// the next epoch.
TEST(TokenStreams, CarriedBatchesAreOneLongSequence) {
    using B = EigenBackend<double>;
    using Net = Sequential<Embedding<7, 5>, LSTM<5, 20, Stack{.layers = 2}>, Linear<20, 7>>;
    std::vector<int> text;
    for (std::uint32_t k = 0; k < 103; ++k) text.push_back(int(RandomStream{Seed{3}, Purpose::user}(k) % 7));
    Model<Net, B> model{Seed{1}};
    for (const int threads : {1, 2, 3}) {
        Trainer<Net, CrossEntropy, SGD, B> trainer{model, CrossEntropy{}, SGD{}, {.threads = threads, .small_work = 0}};
        for (const int batch : {1, 3, 5}) {
            const int steps = 102 / batch;
            TokenStreams whole{text, steps, batch};
            ASSERT_EQ(whole.count(), 1u);
            const Tokens x = std::get<0>(whole.at(0).inputs);
            const LossSum expected =
                trainer.evaluate(Batch<Tokens, Tokens>{{x}, whole.at(0).target}); // carries nothing
            EXPECT_EQ(expected.terms, steps * batch);
            for (const int length : {1, 3, 5, 20, 33}) {
                TokenStreams data{text, length, batch};
                const LossSum first = evaluate(trainer, data);
                EXPECT_EQ(first.terms, expected.terms);
                EXPECT_NEAR(first.sum, expected.sum, 1e-10);
                EXPECT_EQ(evaluate(trainer, data), first);
            }
        }
    }
}

TEST(TokenStreams, RefusesABatchBeyondTheLast) {
    const std::vector<int> text(20);
    TokenStreams batches{text, 3, 4};
    const std::size_t count = batches.count();
    expect_argument([&] { batches.at(count); }, "rondo::TokenStreams: expected a batch from 0 to below " +
                                                    std::to_string(count) + ", got " + std::to_string(count));
}

TEST(TokenStreams, OfASourceAreThoseInMemory) {
    struct Source {
        std::span<const int> tokens;
        std::size_t size() const { return tokens.size(); }
        void copy(std::size_t first, std::span<int> to) const {
            std::ranges::copy(tokens.subspan(first, to.size()), to.begin());
        }
    };
    std::vector<int> text(50, 0);
    std::iota(text.begin(), text.end(), 100);
    Source source{text};
    TokenStreams read{source, 3, 4}, expected{text, 3, 4};
    ASSERT_EQ(read.count(), expected.count());
    for (std::size_t k = 0; k < read.count(); ++k) {
        const auto a = read.at(k), b = expected.at(k);
        ASSERT_EQ(a.target.extent, b.target.extent);
        for (std::size_t n = 0; n < a.target.columns(); ++n) {
            EXPECT_EQ(a.target.value[n], b.target.value[n]);
            EXPECT_EQ(std::get<0>(a.inputs).value[n], std::get<0>(b.inputs).value[n]);
        }
    }
}

} // namespace token_streams_test
