// SPDX-License-Identifier: MIT
// What a rank reads of a mini-batch is the columns of its shards, with the steps and the column numbers of the whole.
#include <rondo/data/labelled_sequences.hpp>
#include <rondo/data/samples.hpp>
#include <rondo/data/series_windows.hpp>
#include <rondo/data/token_pairs.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>

#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

namespace parts_test {
namespace {

using namespace rondo;

/// The valid numbers of sequence b of a view, and its place.
template <class T, int rows>
std::vector<double> column(const SequenceView<const T, rows>& x, int b) {
    const Extent& e = x.extent;
    std::vector<double> all{double(e.steps), double(e.length(b)), double(e.first_column + b), double(e.first_step)};
    for (int t = 0; t < e.length(b); ++t)
        for (int k = 0; k < rows; ++k) all.push_back(double(x.value[(t * e.batch + b) * rows + k]));
    return all;
}
/// Of all of a batch's sequences, one after the other: target, then inputs.
template <class Batch>
std::vector<std::vector<double>> columns(const Batch& batch) {
    std::vector<std::vector<double>> all;
    for (int b = 0; b < batch.target.extent.batch; ++b) {
        all.push_back(column(batch.target, b));
        std::apply([&](const auto&... x) { (all.push_back(column(x, b)), ...); }, batch.inputs);
    }
    return all;
}

template <class Data>
void expect_parts(Data data) {
    static_assert(PartedBatches<Data>);
    data.begin_epoch(Seed{3}, 1);
    for (std::size_t k = 0; k < data.count(); ++k) {
        const auto whole = data.at(k);
        const auto expected = columns(whole);
        const StatePolicy policy = whole.state_policy;
        const int sequences = whole.sequences();
        for (const int ranks : {1, 2, 3, 5, 8, 20, 33})
            for (const int shards : {1, 5, 8}) {
                std::vector<std::vector<double>> all;
                for (int r = 0; r < ranks; ++r) {
                    const auto part = data.at(k, RankPart{r, ranks, shards});
                    EXPECT_EQ(part.sequences(), sequences);
                    EXPECT_EQ(part.state_policy, policy);
                    if (ranks > 1) {
                        EXPECT_EQ(part.part.first, part.target.extent.first_column);
                    }
                    const auto own = columns(part);
                    all.insert(all.end(), own.begin(), own.end());
                }
                EXPECT_EQ(all, expected) << "batch " << k << ", " << ranks << " ranks, " << shards << " shards";
            }
    }
}

const std::vector<int> text = letters(150);
const std::vector<float> series = normal_numbers<float>(120);

TEST(Parts, OfStreamsAndWindows) {
    expect_parts(TokenStreams{text, 6, 5});
    expect_parts(TokenWindows{text, 6, 20});
    expect_parts(SeriesWindows<float, 3, 2>{series, {.length = 5, .batch = 9}});
}
TEST(Parts, OfSequencesOfDifferentLengths) {
    using Each = Samples<int, 1, int, 1>;
    using One = Samples<float, 3, float, 2>;
    Each each{5, Each::Target::each_step};
    One one{6, One::Target::each_sequence};
    TokenPairs pairs{5, 7, 8};
    LabelledSequences<float, 3> labelled{7};
    for (std::size_t k = 0; k < 20; ++k) {
        const std::size_t steps = 1 + k % 6;
        each.add(std::span{text}.subspan(k, steps), std::span{text}.subspan(k + 1, steps));
        one.add(std::span{series}.subspan(k, 3 * steps), std::span{series}.subspan(k, 2));
        pairs.add(std::span{text}.subspan(k, steps), std::span{text}.subspan(k, (k * 5) % 4));
        labelled.add(std::span{series}.subspan(k, 3 * steps), std::span{text}.subspan(k, (k * 5) % 4));
    }
    expect_parts(each);
    expect_parts(one);
    expect_parts(pairs);
    expect_parts(labelled);
}

} // namespace
} // namespace parts_test
