// SPDX-License-Identifier: MIT
#include <rondo/stream/any_stream.hpp>

#include <support/compositions.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace stream_any_stream_test {

using namespace rondo;

template <class Net>
std::vector<float> streamed(const Model<Net>& model, const std::vector<float>& x, std::size_t outputs) {
    const Packed packed{model};
    Stream stream{packed};
    std::vector<float> y(x.size() / std::size_t(Net::input_size) * outputs);
    stream.process(x, y);
    return y;
}
std::vector<float> processed(AnyStream& stream, const std::vector<float>& x) {
    const std::size_t steps = x.size() / stream.input_size();
    std::vector<float> y(steps * stream.output_size());
    stream.process(x.data(), y.data(), steps);
    return y;
}

TEST(AnyStream, GivesTheBitsOfItsStream) {
    const auto x = normal_numbers<float>(3 * 20);
    const Model<Tracker> tracker{Seed{1}};
    const Model<Encoder> encoder{Seed{3}};
    std::vector<AnyStream> streams{AnyStream{tracker}, AnyStream{encoder}}; // of one type
    EXPECT_EQ(streams[0].input_size(), 3u);
    EXPECT_EQ(streams[0].output_size(), 1u);
    EXPECT_EQ(streams[1].output_size(), 5u);
    EXPECT_EQ(processed(streams[0], x), streamed(tracker, x, 1));
    EXPECT_EQ(processed(streams[1], x), streamed(encoder, x, 5));
}

TEST(AnyStream, ReadsTokensAndGivesDoubles) {
    const Model<Letters, EigenBackend<double>> model{Seed{2}};
    BasicAnyStream any{model};
    static_assert(std::is_same_v<decltype(any), BasicAnyStream<int, double>>);
    EXPECT_EQ(any.input_size(), 1u);
    EXPECT_EQ(any.output_size(), 7u);
    const Packed packed{model};
    Stream stream{packed};
    const auto text = letters(20);
    std::vector<double> y(7 * 20), expected(y.size());
    any.process(text.data(), y.data(), 20);
    stream.process(text, expected);
    EXPECT_EQ(y, expected);
}

TEST(AnyStream, SharesTheWeightsAndKeepsAStateOfItsOwn) {
    const auto x = normal_numbers<float>(3 * 20), other = normal_numbers<float>(3 * 20, 2);
    const Model<Tracker> model{Seed{1}};
    auto weights = std::make_shared<const Packed<Tracker>>(model);
    const std::weak_ptr watch = weights;
    AnyStream first{std::move(weights)};
    const auto expected = streamed(model, x, 1);
    EXPECT_EQ(processed(first, x), expected);
    AnyStream copy{first}, second = first.another();
    EXPECT_EQ(watch.use_count(), 3);
    EXPECT_EQ(processed(second, x), expected) << "begins at rest";

    const auto after = processed(first, other);
    EXPECT_NE(after, streamed(model, other, 1));
    EXPECT_EQ(processed(copy, other), after) << "a copy goes on";
    second = copy;
    EXPECT_EQ(processed(second, x), processed(copy, x));
    copy.reset();
    EXPECT_EQ(processed(copy, x), expected);
    first = AnyStream{}, copy = AnyStream{}, second = AnyStream{};
    EXPECT_TRUE(watch.expired());
}

TEST(AnyStream, ComesBackToItsStateOfRest) {
    const auto x = normal_numbers<float>(3 * 20);
    const Model<Tracker> model{Seed{1}};
    State<Tracker> rest;
    rest.numbers()[0] = 0.5f;
    AnyStream stream{model, rest};
    const auto first = processed(stream, x);
    EXPECT_NE(first, streamed(model, x, 1));
    stream.reset();
    EXPECT_EQ(processed(stream, x), first);
    AnyStream another = stream.another();
    EXPECT_EQ(processed(another, x), first);
}

TEST(AnyStream, WorksInPlaceAndInBlocks) {
    using Amp = Sequential<LSTM<1, 5>, Linear<5, 1>>;
    const Model<Amp> model{Seed{1}};
    AnyStream stream{model};
    auto x = normal_numbers<float>(53);
    const auto expected = streamed(model, x, 1);
    for (std::size_t at = 0; at < x.size(); at += 20) {
        const std::size_t steps = std::min<std::size_t>(20, x.size() - at);
        stream.process(x.data() + at, x.data() + at, steps);
    }
    EXPECT_EQ(x, expected);
}

TEST(AnyStream, WithoutANetworkGivesNothing) {
    AnyStream none, moved{std::move(none)};
    float x = 1, y = 2;
    none.process(&x, &y, 1);
    none.reset();
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.another());
    EXPECT_EQ(moved.input_size() + moved.output_size(), 0u);
    EXPECT_EQ(y, 2);
    moved = AnyStream{Model<Tracker>{}};
    EXPECT_TRUE(moved);
}

TEST(AnyStream, OfOneModelRunsInManyThreads) {
    const auto x = normal_numbers<float>(3 * 200);
    const AnyStream model{Model<Tracker>{Seed{1}}};
    AnyStream alone = model;
    const auto expected = processed(alone, x);
    std::vector<std::vector<float>> found(4);
    std::vector<std::thread> threads;
    for (auto& y : found)
        threads.emplace_back([&] {
            AnyStream mine = model.another();
            y = processed(mine, x);
        });
    for (std::thread& thread : threads) thread.join();
    for (const auto& y : found) EXPECT_EQ(y, expected);
}

} // namespace stream_any_stream_test
