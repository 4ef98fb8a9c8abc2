// SPDX-License-Identifier: MIT
// Token by token, in rows that change places, a network says what it says of whole sequences.
#include <rondo/generate/decoding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/model/encoder_decoder.hpp>

#include <support/failure.hpp>
#include <support/gradients.hpp>

namespace decoding_test {

using namespace rondo;
using B = EigenBackend<double>;
constexpr int vocabulary = 6, width = 3, steps = 5;

template <class Net>
void expect_rows_of_the_whole() {
    const Model<Net, B> model{Seed{1}};
    const std::vector<int> source{3, 1, 4, 0};
    // What each row has read, and at each step the row it came from.
    std::vector<std::vector<int>> history(width);
    const auto chosen = whole_numbers(width * steps, vocabulary, 3), from = whole_numbers(width * steps, width, 4);
    Decoding<Net, B> decoding{model, width};
    Workspace<Net, B> whole;
    for (const auto& words : {source, std::vector<int>{2}}) { // a second start forgets the first
        decoding.start(words);
        for (auto& row : history) row.clear();
        for (int t = 0; t < steps; ++t) {
            const std::span parents{from.data() + t * width, width}, tokens{chosen.data() + t * width, width};
            const auto before = history;
            for (std::size_t n = 0; n < width; ++n) {
                history[n] = before[std::size_t(parents[n])];
                history[n].push_back(tokens[n]);
            }
            const auto scores = decoding(parents, tokens);
            ASSERT_EQ(scores.size(), std::size_t(width * vocabulary));
            for (std::size_t n = 0; n < width; ++n) {
                const auto y = whole.forward(model, Tokens{words.data(), nullptr, {int(words.size()), 1}},
                                             Tokens{history[n].data(), nullptr, {t + 1, 1}});
                for (std::size_t k = 0; k < vocabulary; ++k)
                    EXPECT_NEAR(scores[n * vocabulary + k], y.value[std::size_t(t * vocabulary) + k], 1e-13);
            }
            double sum = 0;
            for (const double weight : decoding.weights()) sum += weight;
            EXPECT_NEAR(sum, decoding.weights().empty() ? 0 : width, 1e-12);
        }
    }
}

TEST(Decoding, OfDotAttention) { expect_rows_of_the_whole<EncoderDecoder<5, vocabulary, 3, 4, DotAttention<4>>>(); }
TEST(Decoding, OfAdditiveAttention) {
    expect_rows_of_the_whole<
        EncoderDecoder<5, vocabulary, 3, 4, AdditiveAttention<4, 4, 3>, Feeding{.input_feeding = false}, rondo::GRU>>();
}
TEST(Decoding, OfNoAttention) { expect_rows_of_the_whole<EncoderDecoder<5, vocabulary, 3, 4, NoAttention>>(); }

TEST(Decoding, RefusesWhatIsNoStep) {
    using Net = EncoderDecoder<5, vocabulary, 3, 4, DotAttention<4>>;
    const Model<Net, B> model{Seed{1}};
    expect_argument([&] { Decoding<Net, B>(model, 0); }, "rondo::Decoding: width: expected 1 or more, got 0");
    Decoding<Net, B> decoding{model, 2};
    const std::vector<int> two{0, 1}, three{0, 1, 0}, outside{0, 2}, unknown{0, vocabulary};
    const std::string early = "rondo::Decoding: a step before a start";
    expect_argument([&] { decoding(two, two); }, early);
    expect_argument([&] { decoding.start({}); }, "rondo::Decoding: expected a source of one token or more");
    expect_argument([&] { decoding.start(std::vector<int>{1, 5}); },
                    "rondo: token 5 of sequence 0, step 1 is not from 0 to 4");
    expect_argument([&] { decoding(two, two); }, early);
    decoding.start(two);
    expect_argument([&] { decoding(three, two); }, "rondo::Decoding: expected 2 rows, got 3 parents and 2 tokens");
    expect_argument([&] { decoding(outside, two); }, "rondo::Decoding: parent 2 is not a row from 0 to 1");
    expect_argument([&] { decoding(two, unknown); }, "rondo: token 6 of sequence 1, step 0 is not from 0 to 5");
}

} // namespace decoding_test
