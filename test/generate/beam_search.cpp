// SPDX-License-Identifier: MIT
#include <rondo/generate/beam_search.hpp>

#include <rondo/core/random.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace beam_search_test {

using rondo::BeamSearch;
using rondo::Error;
using rondo::Hypothesis;
using rondo::Purpose;
using rondo::RandomStream;
using rondo::Seed;

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

using History = std::vector<int>; // with the begin token
using Model = std::function<std::vector<double>(const History&)>;

/// What a decoder does, with histories for states.
template <class S>
struct Rows {
    BeamSearch search;
    Model model;
    std::vector<History> histories{};
    std::vector<S> logits{};
    int calls = 0;

    std::span<const S> operator()(std::span<const int> parents, std::span<const int> tokens) {
        const auto width = std::size_t(search.width);
        EXPECT_EQ(parents.size(), width);
        EXPECT_EQ(tokens.size(), width);
        std::vector<History> next;
        for (std::size_t row = 0; row < width; ++row) {
            const int parent = parents[row];
            if (calls == 0) {
                EXPECT_EQ(parent, 0);
                EXPECT_EQ(tokens[row], search.begin);
                next.emplace_back();
            } else {
                EXPECT_TRUE(parent >= 0 && parent < search.width) << parent;
                EXPECT_NE(tokens[row], search.end) << "it was to leave";
                next.push_back(histories.at(std::size_t(parent)));
            }
            next.back().push_back(tokens[row]);
        }
        histories = next;
        logits.clear();
        for (const History& history : histories)
            for (const double logit : model(history)) logits.push_back(S(logit));
        ++calls;
        return logits;
    }
};

template <class S = double>
std::vector<Hypothesis> search(const BeamSearch& settings, const Model& model) {
    return rondo::beam_search(settings, Rows<S>{settings, model});
}

/// Logits of `vocabulary` tokens that depend on the whole history.
Model random_model(int vocabulary, std::uint64_t seed, double spread = 1.5) {
    return [=](const History& history) {
        std::uint64_t key = seed;
        for (const int token : history) key = key * 1000003 + std::uint64_t(token) + 1;
        std::vector<double> logits;
        for (int token = 0; token < vocabulary; ++token)
            logits.push_back(spread * RandomStream{Seed{key}, Purpose::user}.normal(std::uint64_t(token)));
        return logits;
    };
}

/// Logits that depend on the last token alone; probabilities as given.
Model markov(std::map<int, std::vector<double>> probabilities) {
    return [=](const History& history) {
        std::vector<double> logits = probabilities.at(history.back());
        for (double& p : logits) p = std::log(p);
        return logits;
    };
}

double log_softmax(const std::vector<double>& logits, int token) {
    long double sum = 0;
    for (const double logit : logits) sum += std::exp((long double)(logit));
    return double((long double)(logits[std::size_t(token)]) - std::log(sum));
}

double score(const BeamSearch& s, double log_probability, int length) {
    return log_probability / std::pow((5 + length) / 6.0, s.length_penalty);
}

/// All there are of up to `longest` tokens, best first.
std::vector<Hypothesis> enumerated(const BeamSearch& s, const Model& model) {
    std::vector<Hypothesis> all;
    const std::function<void(History, double)> go_on = [&](const History& history, double log_probability) {
        const std::vector<double> logits = model(history);
        for (int token = 0; token < int(logits.size()); ++token) {
            const double sum = log_probability + log_softmax(logits, token);
            if (sum == -infinity) continue;
            const int length = int(history.size()); // this token counts, begin does not
            if (token == s.end) {
                all.push_back({{history.begin() + 1, history.end()}, sum, score(s, sum, length), true});
                continue;
            }
            History next = history;
            next.push_back(token);
            if (length < s.longest) go_on(next, sum);
            else all.push_back({{next.begin() + 1, next.end()}, sum, score(s, sum, length), false});
        }
    };
    go_on({s.begin}, 0);
    std::ranges::stable_sort(all, [](const Hypothesis& a, const Hypothesis& b) {
        return a.finished != b.finished ? a.finished : a.score > b.score;
    });
    if (all.size() > std::size_t(s.best)) all.resize(std::size_t(s.best));
    return all;
}

void expect_equal(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
        EXPECT_EQ(found[k].tokens, expected[k].tokens) << k;
        EXPECT_EQ(found[k].finished, expected[k].finished) << k;
        EXPECT_NEAR(found[k].log_probability, expected[k].log_probability, 1e-12);
        EXPECT_NEAR(found[k].score, expected[k].score, 1e-12);
    }
}

TEST(BeamSearch, OfWidthOneIsGreedy) {
    int finished = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed)
        for (const double penalty : {0.0, 1.0, 3.0})
            for (const int longest : {1, 2, 20}) {
                const Model model = random_model(5, seed);
                const BeamSearch s{.width = 1, .longest = longest, .begin = 3, .end = 4, .length_penalty = penalty};
                Hypothesis expected;
                for (History history{s.begin}; int(history.size()) <= longest && !expected.finished;) {
                    const std::vector<double> logits = model(history);
                    const int token = rondo::greedy(logits);
                    expected.log_probability += log_softmax(logits, token);
                    expected.score = score(s, expected.log_probability, int(history.size()));
                    expected.finished = token == s.end;
                    history.push_back(token);
                    if (!expected.finished) expected.tokens.push_back(token);
                }
                finished += expected.finished;
                BeamSearch more = s;
                more.best = 3;
                for (const BeamSearch& settings : {s, more}) expect_equal(search(settings, model), {expected});
            }
    EXPECT_GT(finished, 100);
    EXPECT_LT(finished, 400);
}

TEST(BeamSearch, AsWideAsAllContinuationsFindsTheBest) {
    for (std::uint64_t seed = 0; seed < 6; ++seed)
        for (const int vocabulary : {2, 3, 4})
            for (const int longest : {1, 2, 4, 5})
                for (const double penalty : {0.0, 0.6, 1.0, 5.0})
                    for (const int best : {1, 3, 20, 10000}) {
                        int width = vocabulary; // of (V - 1) ^ (longest - 1) hypotheses, each goes on in V ways
                        for (int k = 1; k < longest; ++k) width *= vocabulary - 1;
                        for (const int end : {0, vocabulary - 1}) {
                            const BeamSearch s{.width = width,
                                               .longest = longest,
                                               .begin = 7,
                                               .end = end,
                                               .length_penalty = penalty,
                                               .best = best};
                            const Model model = random_model(vocabulary, seed);
                            expect_equal(search(s, model), enumerated(s, model));
                        }
                    }
}

TEST(BeamSearch, FindsWhatTheGreedyChoiceMisses) {
    // 0 begins, 1 ends: token 2 is the likelier first one, but 3 is followed by its end for certain.
    const Model model = markov({{0, {0, 0, 0.6, 0.4}}, {2, {0.25, 0.25, 0.25, 0.25}}, {3, {0, 1, 0, 0}}});
    EXPECT_EQ(search({.width = 1, .longest = 1}, model).at(0).tokens, (History{2}));
    expect_equal(search({.width = 2, .longest = 10}, model), {{{3}, std::log(0.4), std::log(0.4), true}});
    expect_equal(search({.width = 1, .longest = 2}, markov({{0, {0, 0, 0.6, 0.4}}, {2, {0, 0.5, 0.3, 0.2}}})),
                 {{{2}, std::log(0.3), std::log(0.3), true}});
}

TEST(BeamSearch, FollowsTheLikeliestOnly) {
    // By hand; 0 begins, 1 ends.
    //   step 1: 2 (0.5) and 3 (0.3) are followed, not 1 (0.2)
    //   step 2: 3 2 (0.24) and 2 3 (0.2), not 2 1 and 2 2 (0.15 each)
    //   step 3: 3 2 1 (0.216) is finished, and 2 3 2 (0.16) cannot beat it
    const Model model = markov({{0, {0, 0.2, 0.5, 0.3}}, {2, {0, 0.9, 0.05, 0.05}}, {3, {0, 0.1, 0.8, 0.1}}});
    const auto by_history = [&](const History& history) {
        if (history != History{0, 2}) return model(history);
        return std::vector{-infinity, std::log(0.3), std::log(0.3), std::log(0.4)};
    };
    Rows<double> rows{{.width = 2, .longest = 10}, by_history};
    std::vector<std::vector<History>> seen;
    const auto found = rondo::beam_search(rows.search, [&](auto parents, auto tokens) {
        const auto logits = rows(parents, tokens);
        seen.push_back(rows.histories);
        return logits;
    });
    expect_equal(found, {{{3, 2}, std::log(0.216), std::log(0.216), true}});
    const std::vector<std::vector<History>> expected{{{0}, {0}}, {{0, 2}, {0, 3}}, {{0, 3, 2}, {0, 2, 3}}};
    EXPECT_EQ(seen, expected);
}

// Whatever the width: every log probability is that of the tokens, in the model's own words.
TEST(BeamSearch, RowsGoOnFromTheirParents) {
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        for (const int width : {1, 2, 3, 5, 20})
            for (const double penalty : {0.0, 2.0}) {
                const Model model = random_model(6, seed);
                const BeamSearch s{
                    .width = width, .longest = 12, .begin = 0, .end = 5, .length_penalty = penalty, .best = 4};
                const auto found = search(s, model);
                ASSERT_FALSE(found.empty());
                for (const Hypothesis& one : found) {
                    History history{s.begin};
                    double sum = 0;
                    for (const int token : one.tokens) {
                        sum += log_softmax(model(history), token);
                        history.push_back(token);
                    }
                    if (one.finished) sum += log_softmax(model(history), s.end);
                    EXPECT_NEAR(one.log_probability, sum, 1e-12);
                    EXPECT_NEAR(one.score, score(s, sum, int(one.tokens.size()) + one.finished), 1e-12);
                    EXPECT_LE(one.tokens.size() + one.finished, 12u);
                }
                for (std::size_t k = 1; k < found.size(); ++k)
                    EXPECT_TRUE(found[k - 1].finished != found[k].finished ? found[k - 1].finished
                                                                           : found[k - 1].score >= found[k].score);
            }
}

TEST(BeamSearch, LengthPenaltyChangesTheWinner) {
    // "1" has p = 0.4 and length 1; "2 2 2 1" has p = 0.6 * 0.8 * 0.8 * 0.9 = 0.3456 and length 4.
    const Model model = [](const History& history) {
        std::vector<double> p{0.1, 0.9, 0};
        if (history.size() == 1) p = {0, 0.4, 0.6};
        else if (history.size() <= 3) p = {0.2, 0, 0.8};
        return std::vector{std::log(p[0]), std::log(p[1]), std::log(p[2])};
    };
    // ln 0.4 / 1 = -0.916291; ln 0.3456 = -1.062473, over (9 / 6) ^ 0.3 = 1.129347: -0.940785; ^ 0.6: -0.833035.
    const auto winner = [&](double penalty) {
        const auto found = search({.width = 3, .longest = 6, .begin = 9, .end = 1, .length_penalty = penalty}, model);
        EXPECT_EQ(found.size(), 1u);
        EXPECT_TRUE(found[0].finished);
        return found[0];
    };
    EXPECT_EQ(winner(0).tokens, History{});
    EXPECT_NEAR(winner(0).score, -0.916291, 1e-6);
    EXPECT_EQ(winner(0.3).tokens, History{});
    EXPECT_NEAR(winner(0.3).score, -0.916291, 1e-6);
    EXPECT_EQ(winner(0.6).tokens, (History{2, 2, 2}));
    EXPECT_NEAR(winner(0.6).log_probability, -1.062473, 1e-6);
    EXPECT_NEAR(winner(0.6).score, -0.833035, 1e-6);
}

TEST(BeamSearch, EndsWhenNothingCanBeatWhatItHas) {
    // The end at once has p = 0.6: what goes on cannot reach that, but with a penalty it may.
    const Model model = markov({{0, {0, 0.6, 0.4}}, {2, {0, 0.001, 0.999}}});
    for (const auto& [penalty, best, calls] :
         {std::tuple{0.0, 1, 1}, std::tuple{0.0, 2, 9}, std::tuple{0.5, 1, 1}, std::tuple{1.0, 1, 9}}) {
        Rows<double> rows{{.width = 2, .longest = 9, .length_penalty = penalty, .best = best}, model};
        const auto found = rondo::beam_search(rows.search, rows);
        EXPECT_EQ(found.size(), std::size_t(best));
        EXPECT_EQ(rows.calls, calls) << "penalty " << penalty << ", best " << best;
    }
}

TEST(BeamSearch, LongestCutsWhatDoesNotEnd) {
    // 2 is followed by 2 for ever, 3 by its end or by 3.
    const Model model = markov({{0, {0, 0, 0.75, 0.25}}, {2, {0, 0, 1, 0}}, {3, {0, 0.5, 0, 0.5}}});
    const auto found = [&](int longest, int best) {
        return search({.width = 3, .longest = longest, .length_penalty = 1, .best = best}, model);
    };
    const auto one = [](History tokens, double p, int length, bool finished) {
        return Hypothesis{tokens, std::log(p), std::log(p) / ((5 + length) / 6.0), finished};
    };
    expect_equal(found(1, 5), {one({2}, 0.75, 1, false), one({3}, 0.25, 1, false)});
    expect_equal(found(1, 1), {one({2}, 0.75, 1, false)});
    expect_equal(found(2, 5), {one({3}, 0.125, 2, true), one({2, 2}, 0.75, 2, false), one({3, 3}, 0.125, 2, false)});
    expect_equal(found(2, 1), {one({3}, 0.125, 2, true)});
    expect_equal(found(3, 5), {one({3}, 0.125, 2, true), one({3, 3}, 0.0625, 3, true), one({2, 2, 2}, 0.75, 3, false),
                               one({3, 3, 3}, 0.0625, 3, false)});
    expect_equal(found(3, 3), {one({3}, 0.125, 2, true), one({3, 3}, 0.0625, 3, true), one({2, 2, 2}, 0.75, 3, false)});
}

TEST(BeamSearch, ResultsAreTheSameEverywhere) {
    // All is equally likely: the first found wins, then the lower token.
    const Model model = [](const History&) { return std::vector<double>(4, -3.25); };
    const auto tokens = [](const std::vector<Hypothesis>& found) {
        std::vector<History> all;
        for (const Hypothesis& one : found) all.push_back(one.tokens);
        return all;
    };
    EXPECT_EQ(tokens(search({.width = 3, .longest = 2, .begin = 0, .end = 1, .best = 4}, model)),
              (std::vector<History>{{}, {0}, {0, 0}, {0, 2}}));
    EXPECT_EQ(tokens(search({.width = 3, .longest = 2, .begin = 0, .end = 3, .best = 4}, model)),
              (std::vector<History>{{0, 0}, {0, 1}, {0, 2}}));
    // Two logits so near that their probabilities round to the same: the larger is the greedy choice, too.
    const Model near = [](const History&) { return std::vector<double>{0, 1e-30, -1000}; };
    EXPECT_EQ(tokens(search({.width = 1, .longest = 2, .end = 2}, near)), (std::vector<History>{{1, 1}}));
}

TEST(BeamSearch, LogitsOfAnySizeAndType) {
    const double most = std::numeric_limits<double>::max();
    const auto of = [](std::vector<double> logits) { return [=](const History&) { return logits; }; };
    const auto half = search({.width = 2, .longest = 1, .best = 2}, of({most, most, -most}));
    ASSERT_EQ(half.size(), 2u);
    EXPECT_TRUE(half[0].finished);
    EXPECT_NEAR(half[0].log_probability, std::log(0.5), 1e-15);
    EXPECT_EQ(half[1].tokens, History{0});
    const auto single = search<float>({.width = 2, .longest = 1, .best = 2}, of({-3e38, -3e38, -3.1e38}));
    ASSERT_EQ(single.size(), 2u);
    EXPECT_NEAR(single[1].log_probability, std::log(0.5), 1e-15);
    // Also what step gives away.
    const auto given =
        rondo::beam_search({.width = 1, .longest = 3, .end = 1}, [](auto, auto) { return std::vector<float>{0, -1}; });
    EXPECT_EQ(given.at(0).tokens, (History{0, 0, 0}));
}

TEST(BeamSearch, NeverChoosesAForbiddenToken) {
    const Model model = [](const History& history) {
        std::vector<double> logits(4, -infinity);
        if (history.size() == 1) logits[2] = logits[3] = 0;
        if (history == History{0, 2}) logits[0] = logits[1] = 0;
        return logits; // nothing may follow 3, nor 2 0
    };
    expect_equal(search({.width = 20, .longest = 10, .best = 9}, model), {{{2}, std::log(0.25), std::log(0.25), true}});
    EXPECT_EQ(search({.width = 20, .longest = 10}, [](const History&) { return std::vector(2, -infinity); }).size(),
              0u);
}

TEST(BeamSearch, RowsWithoutAHypothesisAreNotRead) {
    int calls = 0;
    std::vector<double> logits;
    const auto found =
        rondo::beam_search({.width = 3, .longest = 2, .begin = 0, .end = 1, .best = 9}, [&](auto parents, auto tokens) {
            EXPECT_EQ(parents[2], 0);
            EXPECT_EQ(tokens[2], calls == 0 ? 0 : 2);
            logits = {-infinity, 0, 0, nan, nan, nan, infinity, nan, infinity};
            ++calls;
            return std::span<const double>{logits};
        });
    EXPECT_EQ(calls, 2);
    expect_equal(found, {{{}, std::log(0.5), std::log(0.5), true},
                         {{2}, std::log(0.25), std::log(0.25), true},
                         {{2, 2}, std::log(0.25), std::log(0.25), false}});
}

TEST(BeamSearch, NamesWhatIsWrong) {
    using Kind = Error::Kind;
    const auto refused = [](BeamSearch s, const std::string& message) {
        EXPECT_EQ(s.problem(), (Error{Kind::argument, message}));
        expect_argument([&] { search(s, random_model(4, 1)); }, message);
    };
    EXPECT_EQ(BeamSearch{}.problem(), Error{});
    refused({.width = 0}, "rondo::BeamSearch: width: expected 1 or more, got 0");
    refused({.longest = 0}, "rondo::BeamSearch: longest: expected 1 or more, got 0");
    refused({.begin = -1}, "rondo::BeamSearch: begin: expected 0 or more, got -1");
    refused({.end = -2}, "rondo::BeamSearch: end: expected 0 or more, got -2");
    refused({.best = 0}, "rondo::BeamSearch: best: expected 1 or more, got 0");
    refused({.length_penalty = -0.5},
            "rondo::BeamSearch: length_penalty: expected a finite number of 0 or more, got -0.5");
    refused({.length_penalty = nan},
            "rondo::BeamSearch: length_penalty: expected a finite number of 0 or more, got nan");
    refused({.length_penalty = infinity},
            "rondo::BeamSearch: length_penalty: expected a finite number of 0 or more, got inf");
    expect_argument([] { search({.end = 4}, random_model(4, 1)); },
                    "rondo::beam_search: end: expected a token from 0 to 3, got 4");

    const auto of_size = [](std::vector<std::size_t> sizes) {
        return [=, call = std::size_t(0)](auto, auto) mutable { return std::vector<float>(sizes.at(call++)); };
    };
    const BeamSearch three{.width = 3, .best = 9};
    expect_argument([&] { rondo::beam_search(three, of_size({10})); },
                    "rondo::beam_search: expected logits of 3 rows, got 10 numbers");
    expect_argument([&] { rondo::beam_search(three, of_size({0})); },
                    "rondo::beam_search: expected logits of 3 rows, got 0 numbers");
    expect_argument([&] { rondo::beam_search(three, of_size({12, 15})); },
                    "rondo::beam_search: expected 12 logits, as before, got 15");

    const auto with = [](double logit) {
        return [=](const History& history) {
            return std::vector<double>{0, -infinity, history == History{0, 2} ? logit : 0.5};
        };
    };
    const std::string expected =
        "rondo::beam_search: logits: expected a finite number or -inf in row 0 at index 2, got ";
    expect_failure([&] { search({.width = 2}, with(nan)); }, Kind::not_finite, expected + "nan");
    expect_failure([&] { search({.width = 2}, with(infinity)); }, Kind::not_finite, expected + "inf");
    expect_failure(
        [&] {
            search({.width = 2}, [](const History& history) {
                return std::vector{history == History{0, 0} ? nan : 0.0, -infinity, 0.5};
            });
        },
        Kind::not_finite, "rondo::beam_search: logits: expected a finite number or -inf in row 1 at index 0, got nan");
}

} // namespace beam_search_test
