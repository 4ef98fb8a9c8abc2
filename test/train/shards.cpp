// SPDX-License-Identifier: MIT
// The bits of a training run depend on the number of shards, and on neither threads nor the order in which shards are
// computed.
#include <rondo/core/shards.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/time_distributed.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/encoder_decoder.hpp>
#include <rondo/model/tied.hpp>
#include <rondo/op/add.hpp>
#include <rondo/op/each_step.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/trainer.hpp>

#include <laws/batch.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace shards_test {

using namespace rondo;
using law::differing;

/// The sum of numbers that are strings, as it is added.
std::string sum_of(const std::vector<SumTree::Node>& nodes, int count, const std::vector<std::string>& leaves) {
    std::vector<std::string> sums;
    SumTree tree;
    const auto node_of = [&](auto self, const SumTree::Node& node) -> std::string {
        if (node.size == 1) return leaves[std::size_t(node.first)];
        const int half = node.size / 2;
        return '(' + self(self, {node.first, half}) + '+' + self(self, {node.first + half, half}) + ')';
    };
    for (const SumTree::Node& node : nodes) {
        sums.resize(tree.size());
        sums.push_back(node_of(node_of, node));
        for (std::size_t merged = tree.push(node, count); merged > 0; --merged) {
            sums[sums.size() - 2] = '(' + sums[sums.size() - 2] + '+' + sums.back() + ')';
            sums.pop_back();
        }
    }
    std::string all;
    for (const std::string& sum : sums) all += (all.empty() ? "" : " ") + sum;
    return all;
}
std::vector<std::string> letters_of(int count) {
    std::vector<std::string> all;
    for (int k = 0; k < count; ++k) all.emplace_back(1, char('a' + k));
    return all;
}

TEST(SumTree, AddsInAFixedOrder) {
    const auto all = [](int count) {
        std::vector<SumTree::Node> nodes;
        for (int k = 0; k < count; ++k) nodes.push_back({k, 1});
        return sum_of(nodes, count, letters_of(count));
    };
    EXPECT_EQ(all(1), "a");
    EXPECT_EQ(all(2), "(a+b)");
    EXPECT_EQ(all(3), "((a+b)+c)");
    EXPECT_EQ(all(5), "(((a+b)+(c+d))+e)");
    EXPECT_EQ(all(6), "(((a+b)+(c+d))+(e+f))");
    EXPECT_EQ(all(7), "(((a+b)+(c+d))+((e+f)+g))");
    EXPECT_EQ(all(8), "(((a+b)+(c+d))+((e+f)+(g+h)))");
}

// The nodes that parts of the shards leave, pushed one part after the other, are added in the same order.
TEST(SumTree, IsTheSameFromTheNodesOfAnyParts) {
    for (int count = 1; count <= 17; ++count) {
        std::vector<SumTree::Node> leaves;
        for (int k = 0; k < count; ++k) leaves.push_back({k, 1});
        const std::string expected = sum_of(leaves, count, letters_of(count));
        for (int parts = 1; parts <= count + 2; ++parts) {
            SumTree whole;
            std::vector<std::string> sums;
            int seen = 0;
            for (int part = 0; part < parts; ++part) {
                const Shards shards = Shards{count, count, 0, count}.part(part, parts);
                EXPECT_EQ(shards.first, seen);
                seen = shards.last;
                SumTree tree;
                std::vector<std::string> own;
                std::size_t most = 1;
                for (int s = shards.first; s < shards.last; ++s) {
                    own.resize(tree.size());
                    own.push_back(letters_of(count)[std::size_t(s)]);
                    most = std::max(most, own.size());
                    for (std::size_t merged = tree.push({s, 1}, count); merged > 0; --merged) {
                        own[own.size() - 2] = '(' + own[own.size() - 2] + '+' + own.back() + ')';
                        own.pop_back();
                    }
                }
                EXPECT_EQ(shards.buffers(), most);
                EXPECT_EQ(shards.nodes(), std::max<std::size_t>(own.size(), 1));
                for (std::size_t k = 0; k < own.size(); ++k) {
                    sums.resize(whole.size());
                    sums.push_back(own[k]);
                    for (std::size_t merged = whole.push(tree.node(k), count); merged > 0; --merged) {
                        sums[sums.size() - 2] = '(' + sums[sums.size() - 2] + '+' + sums.back() + ')';
                        sums.pop_back();
                    }
                }
            }
            EXPECT_EQ(seen, count);
            ASSERT_EQ(sums.size(), 1u);
            EXPECT_EQ(sums[0], expected) << count << " shards in " << parts << " parts";
        }
    }
}

TEST(Shards, OfABatchHaveASequenceEach) {
    for (int batch = 0; batch < 30; ++batch)
        for (const int most : {1, 3, 8}) {
            const Shards shards = Shards::of(batch, most);
            EXPECT_EQ(shards.count, std::clamp(batch, 1, most));
            int widest = 0;
            for (int s = 0; s < shards.count; ++s) {
                EXPECT_EQ(shards.begin(s) + shards.sequences(s), shards.begin(s + 1));
                EXPECT_TRUE(shards.sequences(s) > 0 || batch == 0);
                widest = std::max(widest, shards.sequences(s));
            }
            EXPECT_EQ(shards.sequences(), batch);
            EXPECT_EQ(shards.widest(batch), std::max(widest, shards.single() ? batch : 0));
        }
}

struct Trained {
    std::vector<double> losses, parameters;
};
struct Split {
    int shards = 8, threads = 1;
    bool accumulate = false;
};

/// A run over batches of several sizes, each twice: from zero states, then from the states that it left.
template <class Net, class S, class Loss, class MakeBatch>
Trained trained(const MakeBatch& make, StatePolicy carry, const Split& split) {
    using B = EigenBackend<S>;
    Model<Net, B> model{Seed{1}};
    Trainer<Net, Loss, Adam, B> trainer{model,
                                        {},
                                        Adam{.rate = 1e-2},
                                        {.clip_norm = 0.5,
                                         .shards = split.shards,
                                         .threads = split.threads,
                                         .accumulate = split.accumulate,
                                         .seed = Seed{3},
                                         .small_work = 0}};
    Trained result;
    for (const int size : {13, 5, 20, 2, 1})
        for (const bool again : {false, true}) {
            const auto data = make(size, std::uint64_t(again));
            auto batch = data.batch();
            if (carry != StatePolicy::none) batch.state_policy = again ? StatePolicy::resume : StatePolicy::start;
            result.losses.push_back(trainer.step(batch).sum);
            result.losses.push_back(trainer.evaluate(batch).sum);
        }
    for (const S number : model.values()) result.parameters.push_back(double(number));
    return result;
}

template <class Net, class S, class Loss, class MakeBatch>
void expect_same_bits(const MakeBatch& make, StatePolicy carry = StatePolicy::none, bool close = true,
                      const std::vector<int>& numbers = {8, 6}) {
    const auto run = [&](const Split& split) { return trained<Net, S, Loss>(make, carry, split); };
    const Trained one = run({.shards = 1});
    for (const int shards : numbers) {
        const Trained expected = run({.shards = shards});
        EXPECT_NE(expected.parameters, one.parameters) << "sums have another order";
        if (close) {
            EXPECT_LT(law::difference(expected.losses, one.losses), sizeof(S) == 4 ? 2e-2 : 1e-7);
        }
        for (const Split split : {Split{shards, 2}, Split{shards, 3}, Split{shards, shards}, Split{shards, 1, true},
                                  Split{shards, 3, true}}) {
            const Trained got = run(split);
            const std::string what = std::to_string(shards) + " shards, " + std::to_string(split.threads) + " threads" +
                                     (split.accumulate ? ", one after the other" : "");
            EXPECT_EQ(got.losses, expected.losses) << what;
            EXPECT_EQ(differing(got.parameters, expected.parameters), 0u) << what;
        }
    }
}

std::vector<int> tokens(std::size_t count, std::uint64_t seed, int below) {
    std::vector<int> all(count);
    for (std::size_t k = 0; k < count; ++k)
        all[k] = int(RandomStream{Seed{seed}, Purpose::user}.wide(k) % std::uint64_t(below));
    return all;
}
/// Decreasing from `most` steps to `least`.
std::vector<int> decreasing(int batch, int most, int least) {
    std::vector<int> all(std::size_t(batch), 0);
    for (int b = 0; b < batch; ++b) all[std::size_t(b)] = std::max(least, most - b * most / batch);
    return all;
}

/// A batch that owns its data: tokens or numbers in, classes or numbers out.
template <class S, int In, int Out, bool classes>
struct OwnBatch {
    using X = std::conditional_t<In == 0, int, S>;
    using Y = std::conditional_t<classes, int, S>;
    static constexpr int rows = In == 0 ? 1 : In;
    int steps, sequences;
    bool each_step;
    std::vector<int> lengths;
    std::vector<X> x;
    std::vector<Y> y;

    OwnBatch(int steps_, int batch, bool ragged, bool each_step_, int symbols, std::uint64_t seed)
        : steps{steps_}, sequences{batch}, each_step{each_step_} {
        if (ragged) lengths = decreasing(batch, steps, std::min(steps, 3));
        const auto columns = std::size_t(steps * batch);
        if constexpr (In == 0) x = tokens(columns, seed, symbols);
        else x = normal_numbers<S>(columns * In, seed);
        if constexpr (classes) y = tokens(columns, seed + 9, Out);
        else y = normal_numbers<S>(columns * Out, seed + 9);
    }
    auto batch() const {
        const Extent all{steps, sequences, lengths.empty() ? nullptr : lengths.data()};
        constexpr int of_target = classes ? 1 : Out;
        return Batch<SequenceView<const Y, of_target>, SequenceView<const X, rows>>{
            {SequenceView<const X, rows>{x.data(), nullptr, all}},
            {y.data(), nullptr, each_step ? all : Extent{1, sequences}}};
    }
};

TEST(Shards, OfStackedLayersWithDropoutAndCarriedStates) {
    expect_same_bits<Letters, double, CrossEntropy>(
        [](int batch, std::uint64_t seed) { return OwnBatch<double, 0, 7, true>{9, batch, false, true, 7, seed}; },
        StatePolicy::start);
}

TEST(Shards, OfRaggedWordsInBothDirections) {
    using Net = Sequential<Named<"in", Embedding<30, 6, 0>>, Named<"gru", GRU<6, 9, Stack{.bidirectional = true}>>,
                           Named<"pool", AttentionPooling<18>>, Named<"out", Linear<18, 4>>>;
    expect_same_bits<Net, float, CrossEntropy>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 0, 4, true>{11, batch, true, false, 30, seed}; });
}

// More columns than a product takes at a time, in every shard.
TEST(Shards, OfLongRaggedSequences) {
    using Net = Sequential<Conv1d<3, 12, 3>, GRUResetBefore<12, 9>, LayerNorm<9>, PReLU<9>, PeepholeLSTM<9, 18>,
                           Linear<18, 2>, MeanPooling<2>>;
    expect_same_bits<Net, float, MeanSquaredError>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 3, 2, false>{130, batch, true, false, 0, seed}; },
        StatePolicy::none, true, {8});
}

TEST(Shards, OfConvolutionsThatGoOn) {
    using Net = Sequential<Conv1d<3, 8, 3, ConvOptions{.padding = causal_padding}>, LSTM<8, 5>, Linear<5, 1>>;
    expect_same_bits<Net, float, MeanSquaredError>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 3, 1, false>{6, batch, false, true, 0, seed}; },
        StatePolicy::start);
}

// Tensors with several uses: an embedding and the output, a layer in a loop.
struct Looped : Network<Named<"in", Embedding<12, 10>>, Named<"cell", Linear<10, 10>>, Named<"out", Linear<10, 12>>> {
    static constexpr int vocabulary = 12, input_size = 1, output_size = 12;
    static auto forward(auto& run, const Tokens& x) {
        auto h = run(layer<"in">, x);
        for (int k = 0; k < 2; ++k) h = Tanh<10>::forward(run, run(layer<"cell">, h));
        const auto y = each_step(run, h, [&](const auto& x_t, int) { return run(layer<"cell">, x_t); });
        return run(layer<"out">, add(run, h, y));
    }
};
TEST(Shards, OfTensorsThatAreUsedTwice) {
    expect_same_bits<Tied<Looped, Tie<"out.weight", "in.weight">>, float, CrossEntropy>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 0, 12, true>{5, batch, true, true, 12, seed}; });
}

// A recurrent layer that is called for the whole sequence and for each of its steps.
struct Called : Network<Named<"rnn", PeepholeLSTM<3, 9>>, Named<"out", Linear<9, 2>>> {
    static constexpr int input_size = 3, output_size = 2;
    static auto forward(auto& run, const auto& x) {
        const auto h = run(layer<"rnn">, x);
        const auto y = each_step(run, x, [&](const auto& x_t, int) { return run(layer<"rnn">, x_t); });
        return run(layer<"out">, add(run, h, y));
    }
};
TEST(Shards, OfALayerThatIsCalledForASequenceAndForSteps) {
    for (const bool ragged : {false, true})
        expect_same_bits<Called, float, MeanSquaredError>([&](int batch, std::uint64_t seed) {
            return OwnBatch<float, 3, 2, false>{5, batch, ragged, true, 0, seed};
        });
}

struct Pairs {
    OwnBatch<float, 0, 9, true> source, target;
    std::vector<int> given;
    auto batch() const {
        const auto [source_batch, target_batch] = std::pair{source.batch(), target.batch()};
        return Batch<Tokens, Tokens, Tokens>{
            {std::get<0>(source_batch.inputs), {given.data(), nullptr, target_batch.target.extent}},
            target_batch.target};
    }
};
TEST(Shards, OfADecoderThatReadsItsOwnSymbols) {
    using Net = EncoderDecoder<9, 9, 5, 8, DotAttention<8>, Feeding{.sampling = {Rate{50}, 5}}>;
    expect_same_bits<Net, float, CrossEntropy>([](int batch, std::uint64_t seed) {
        return Pairs{{6, batch, true, true, 9, seed},
                     {4, batch, true, true, 9, seed + 3},
                     tokens(std::size_t(4 * batch), seed + 5, 9)};
    });
}

// Columns that are not sequences, and an operation that does not name its parameters: one shard at a time.
struct NamesNone {
    Affine<float> of;
    void forward(auto& run) const { of.forward(run); }
    void backward(auto& run) const {
        const RowMajorView<const float> W{of.weight.value, of.y.rows, of.x.rows};
        run.backend().add_outer({run.gradient(of.weight), W.rows, W.columns}, of.y.gradients(), of.x.matrix());
        if (of.x.gradient) run.multiply_transposed_add(of.x.extent, of.x.gradients(), W, of.y.gradients());
    }
    template <class B> void forward_scratch(Scratch<B>& scratch) const { of.forward_scratch(scratch); }
    template <class B> void backward_scratch(Scratch<B>& scratch) const { of.backward_scratch(scratch); }
};
struct Own : LinearWithoutBias<4, 2> {
    static auto forward(auto& run, const SequenceView<float, 4>& x) {
        const auto y = run.template make<2>(x.extent);
        run.execute(NamesNone{{x, y, run.parameter(0), {}}});
        return y;
    }
};
TEST(Shards, OfNetworksThatRunOneShardAtATime) {
    expect_same_bits<Sequential<GRU<3, 4>, Own>, float, MeanSquaredError>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 3, 2, false>{5, batch, false, true, 0, seed}; },
        StatePolicy::start);
    using Frames =
        Sequential<TimeDistributed<3, RNN<1, 3, Stack{.bidirectional = true}>, Dropout<6, Rate{20}>, MeanPooling<6>>,
                   Linear<6, 2>>;
    expect_same_bits<Frames, float, MeanSquaredError>(
        [](int batch, std::uint64_t seed) { return OwnBatch<float, 3, 2, false>{5, batch, true, true, 0, seed}; },
        StatePolicy::none, false); // masks depend on the shards
}

// One shard: the gradient of one backward over all sequences.
TEST(Shards, OfOneIsTheWholeBatch) {
    using B = EigenBackend<double>;
    const OwnBatch<double, 0, 7, true> data{9, 13, true, true, 7, 1};
    const auto batch = data.batch();
    Model<Letters, B> model{Seed{1}}, expected = model, gradient;
    Trainer<Letters, CrossEntropy, SGD, B> trainer{
        model, {}, SGD{.rate = 1}, {.shards = 1, .threads = 1, .seed = Seed{3}}};
    trainer.step(batch);

    Workspace<Letters, B> work;
    const CrossEntropy loss;
    work.train(expected, &gradient, nullptr, {Seed{3}, 0, true}, [&](auto& run) {
        return loss(run, Letters::forward(run, std::get<0>(batch.inputs)), batch.target, loss.terms(batch.target));
    });
    for (std::size_t k = 0; k < expected.count(); ++k) expected.data()[k] -= gradient.data()[k];
    EXPECT_EQ(differing(model.values(), expected.values()), 0u);
}

TEST(Shards, TellOfThreadsWithoutAny) {
    Model<Letters> model{Seed{1}};
    using T = Trainer<Letters, CrossEntropy, SGD, EigenBackend<float>>;
    testing::internal::CaptureStderr();
    (T{model, {}, {}, {.shards = 2, .threads = 3}});
    EXPECT_EQ(
        testing::internal::GetCapturedStderr(),
        "rondo::Trainer: expected as many threads as shards (2) or fewer, got 3: the others have nothing to do\n");
    testing::internal::CaptureStderr();
    (T{model, {}, {}, {.shards = 2, .threads = 2}});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

} // namespace shards_test
