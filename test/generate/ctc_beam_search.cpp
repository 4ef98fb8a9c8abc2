// SPDX-License-Identifier: MIT
#include <rondo/generate/ctc_beam_search.hpp>

#include <support/ctc.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace ctc_beam_search_test {

using namespace rondo;
using Labels = std::vector<int>;

std::vector<double> numbers(std::size_t count, int seed) {
    std::vector<double> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = 2 * std::sin(double((k + 1) * (k + 3)) * (1 + seed * 0.37));
    return all;
}
SequenceScores<double> scores(const std::vector<double>& logits, std::size_t classes) {
    return {logits.data(), classes, logits.size() / classes};
}
/// All sequences of labels, likeliest first.
std::vector<CTCHypothesis> by_force(const std::vector<double>& logits, std::size_t classes, int blank) {
    std::vector<CTCHypothesis> all;
    for (const auto& [labels, p] : ctc_brute_force(logits, classes, blank)) all.push_back({labels, std::log(p)});
    std::ranges::stable_sort(all, std::greater{}, &CTCHypothesis::log_probability);
    return all;
}

TEST(CTCBeamSearch, FindsWhatAllAlignmentsAddUpTo) {
    for (const auto& [classes, steps] : {std::pair{2, 1}, {2, 6}, {3, 3}, {3, 6}, {4, 5}, {5, 4}})
        for (int seed = 0; seed < 20; ++seed) {
            const int blank = seed % classes;
            const auto logits = numbers(std::size_t(classes * steps), seed);
            const auto expected = by_force(logits, std::size_t(classes), blank);
            const CTCBeamSearch search{.width = 5000, .best = 5000, .blank = blank};
            const auto found = ctc_beam_search(search, scores(logits, std::size_t(classes)));
            ASSERT_EQ(found.size(), expected.size());
            for (std::size_t k = 0; k < found.size(); ++k) {
                EXPECT_EQ(found[k].labels, expected[k].labels) << classes << ' ' << steps << ' ' << seed << ' ' << k;
                EXPECT_NEAR(found[k].log_probability, expected[k].log_probability, 1e-12);
            }
        }
}

// A narrow beam is a lower bound, in which no sequence occurs twice.
TEST(CTCBeamSearch, ANarrowBeamLosesAlignmentsOnly) {
    for (const int width : {1, 3, 5, 20, 33})
        for (int seed = 0; seed < 20; ++seed) {
            const auto logits = numbers(3 * 7, seed);
            std::map<Labels, double> exact;
            for (const auto& one : by_force(logits, 3, 0)) exact[one.labels] = one.log_probability;
            const auto found = ctc_beam_search({.width = width, .best = width}, scores(logits, 3));
            EXPECT_LE(found.size(), std::size_t(width));
            std::map<Labels, int> seen;
            for (const auto& one : found) {
                EXPECT_LE(one.log_probability, exact.at(one.labels) + 1e-12);
                EXPECT_EQ(++seen[one.labels], 1);
            }
            EXPECT_TRUE(std::ranges::is_sorted(found, std::greater{}, &CTCHypothesis::log_probability));
        }
}

// Two steps of (blank 0.6, a 0.4): the best path is all blanks, 0.36, but the alignments of "a" have 0.64.
TEST(CTCBeamSearch, BeatsTheBestPath) {
    const std::vector<float> logits{std::log(0.6f), std::log(0.4f), std::log(0.6f), std::log(0.4f)};
    const SequenceScores<float> y{logits.data(), 2, 2};
    EXPECT_EQ(ctc_greedy(y), Labels{});
    const auto found = ctc_beam_search({.best = 2}, y);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].labels, Labels{1});
    EXPECT_NEAR(std::exp(found[0].log_probability), 0.64, 1e-6);
    EXPECT_NEAR(std::exp(found[1].log_probability), 0.36, 1e-6);
}

TEST(CTCGreedy, MergesRepetitionsAndLeavesOutBlanks) {
    const Labels path{0, 2, 2, 0, 2, 1, 1, 3, 0, 0, 3};
    std::vector<double> logits(path.size() * 4);
    for (std::size_t t = 0; t < path.size(); ++t) logits[t * 4 + std::size_t(path[t])] = 1;
    EXPECT_EQ(ctc_greedy(scores(logits, 4)), (Labels{2, 2, 1, 3, 3}));
    EXPECT_EQ(ctc_greedy(scores(logits, 4), 3), (Labels{0, 2, 0, 2, 1, 0}));
    CTCGreedy decode;
    Labels begins;
    for (std::size_t t = 0; t < path.size(); ++t)
        if (decode(scores(logits, 4)[t])) begins.push_back(int(t));
    EXPECT_EQ(begins, (Labels{1, 4, 5, 7, 10})) << "in which step a label begins";
    EXPECT_FALSE(decode(scores(logits, 4)[10])) << "it goes on";
    decode.reset();
    EXPECT_EQ(decode(scores(logits, 4)[10]), 3);
}

TEST(CTCGreedy, IsTheBestPathOfEachSequenceOfABatch) {
    const int lengths[]{3, 2};
    const std::vector<float> y{0, 1, 9, 0, 0, 1, 0, 2, 1, 0, 0, 9};
    const SequenceView<const float, 2> batch{y.data(), nullptr, {3, 2, lengths}};
    EXPECT_EQ(ctc_greedy(sequence_scores(batch, 0)), (Labels{1}));
    EXPECT_EQ(ctc_greedy(sequence_scores(batch, 1)), (Labels{1})) << "the third step is padding";
    const float nan = std::numeric_limits<float>::quiet_NaN(), none[]{nan, 1, nan, 3};
    EXPECT_EQ(ctc_greedy(SequenceScores<float>{none, 4, 1}), (Labels{3}));
}

TEST(CTCBeamSearch, NamesWhatIsWrong) {
    std::vector<double> logits(6);
    const auto search = [&](CTCBeamSearch settings) {
        return [&logits, settings] { ctc_beam_search(settings, scores(logits, 3)); };
    };
    expect_argument(search({.width = 0}), "rondo::CTCBeamSearch: width: expected 1 or more, got 0");
    expect_argument(search({.width = 3, .best = 4}), "rondo::CTCBeamSearch: best: expected 1 to 3, got 4");
    expect_argument(search({.blank = -1}), "rondo::CTCBeamSearch: blank: expected a class of 0 or more, got -1");
    expect_argument(search({.blank = 3}), "rondo::ctc_beam_search: blank: expected a class from 0 to 2, got 3");
    logits[4] = std::numeric_limits<double>::quiet_NaN();
    expect_failure(search({}), Error::Kind::not_finite,
                   "rondo::ctc_beam_search: logits: expected a finite number or -inf in step 1 at index 1, got nan");
    logits.assign(6, -std::numeric_limits<double>::infinity());
    expect_failure(search({}), Error::Kind::not_finite,
                   "rondo::ctc_beam_search: logits: expected a finite number in step 0, got -inf");
    EXPECT_EQ(ctc_beam_search({}, SequenceScores<double>{nullptr, 3, 0}), (std::vector<CTCHypothesis>{{{}, 0}}));
}

} // namespace ctc_beam_search_test
