// SPDX-License-Identifier: MIT
#include <rondo/data/series_windows.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace series_windows_test {

using namespace rondo;

using One = SeriesWindows<double, 1>;
static_assert(Batches<One> && Batches<SeriesWindows<float, 3, 2>>);
static_assert(std::is_constructible_v<One, std::vector<double>&, SeriesWindowsSettings>);
static_assert(std::is_constructible_v<One, std::span<const double>>);
static_assert(!std::is_constructible_v<One, std::vector<double>, SeriesWindowsSettings>, "it would dangle");
static_assert(!std::is_constructible_v<One, std::vector<double>>);

/// A series whose number `row` of step t is 10 t + row, so that a number tells its place.
template <class S, int In>
std::vector<S> series(int steps) {
    std::vector<S> numbers;
    for (int t = 0; t < steps; ++t)
        for (int row = 0; row < In; ++row) numbers.push_back(S(10 * t + row));
    return numbers;
}

/// Where each window of an epoch begins, in order; checks every batch on the way.
template <class S, int In, int Out, int Ahead>
std::vector<int> places(SeriesWindows<S, In, Out, Ahead>& windows) {
    const auto [length, horizon, batch] = windows.settings();
    std::vector<int> first;
    for (std::size_t k = 0; k < windows.count(); ++k) {
        const auto [inputs, target, carry, part] = windows.at(k);
        const SequenceView<const S, In>& x = std::get<0>(inputs);
        const int width = x.extent.batch;
        EXPECT_EQ(carry, StatePolicy::none);
        EXPECT_EQ(part.sequences, 0);
        EXPECT_EQ(x.gradient, nullptr);
        EXPECT_EQ(x.extent, (Extent{length, width}));
        EXPECT_EQ(target.extent, (Extent{1, width}));
        EXPECT_TRUE(k + 1 == windows.count() ? width >= 1 && width <= batch : width == batch);
        for (int b = 0; b < width; ++b) {
            const int place = int(x.value[b * In]) / 10;
            first.push_back(place);
            for (int t = 0; t < length; ++t)
                for (int row = 0; row < In; ++row)
                    EXPECT_EQ(x.value[(t * width + b) * In + row], S(10 * (place + t) + row));
            for (int t = 0; t < Ahead; ++t)
                for (int row = 0; row < Out; ++row)
                    EXPECT_EQ(target.value[(b * Ahead + t) * Out + row],
                              S(10 * (place + length - 1 + horizon + t) + row));
        }
    }
    return first;
}

std::vector<int> from_zero_to(int count) {
    std::vector<int> all(std::size_t(count), 0);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

template <class S, int In, int Out, int Ahead = 1>
void expect_every_window() {
    for (const int length : {1, 3, 20})
        for (const int horizon : {1, 2, 5})
            for (const int windows : {1, 3, 5, 33})
                for (const int batch : {1, 3, 5, 33, 50}) {
                    const auto numbers = series<S, In>(windows + length + horizon + Ahead - 2);
                    SeriesWindows<S, In, Out, Ahead> data{numbers,
                                                          {.length = length, .horizon = horizon, .batch = batch}};
                    EXPECT_EQ(data.size(), std::size_t(windows));
                    EXPECT_EQ(data.count(), std::size_t((windows + batch - 1) / batch));
                    EXPECT_EQ(places(data), from_zero_to(windows)) << "before an epoch: their own order";
                    for (const std::int64_t epoch : {0, 1, 2}) {
                        data.begin_epoch(Seed{7}, epoch);
                        auto seen = places(data);
                        std::ranges::sort(seen);
                        EXPECT_EQ(seen, from_zero_to(windows));
                    }
                }
}

TEST(SeriesWindows, ShowsEveryWindowOncePerEpoch) {
    expect_every_window<double, 1, 1>();
    expect_every_window<float, 3, 3>();
    expect_every_window<float, 3, 1>();
    expect_every_window<double, 5, 2>();
    expect_every_window<float, 1, 1, 7>();
    expect_every_window<double, 3, 2, 3>();
}

TEST(SeriesWindows, LastBatchHoldsWhatIsLeft) {
    const auto numbers = series<double, 1>(40);
    One data{numbers, {.length = 7, .batch = 5}}; // 33 windows
    EXPECT_EQ(data.count(), 7u);
    EXPECT_EQ(data.at(5).target.extent.batch, 5);
    EXPECT_EQ(data.at(6).target.extent.batch, 3);
}

TEST(SeriesWindows, OrderIsAFunctionOfSeedAndEpoch) {
    const auto numbers = series<double, 1>(40);
    One data{numbers, {.length = 7, .batch = 5}}, other{numbers, {.length = 7, .batch = 5}};
    std::set<std::vector<int>> orders;
    for (const std::uint64_t seed : {0u, 1u})
        for (const std::int64_t epoch : {0, 1, 2, 3}) {
            data.begin_epoch(Seed{seed}, epoch);
            orders.insert(places(data));
        }
    EXPECT_EQ(orders.size(), 8u);
    EXPECT_FALSE(orders.contains(from_zero_to(33)));

    other.begin_epoch(Seed{1}, 3); // the first it sees, the last that `data` saw
    EXPECT_EQ(places(other), places(data));
    EXPECT_EQ(places(data), places(data)) << "a batch may be asked for again";
}

TEST(SeriesWindows, AreSeenInTheSeriesOwnOrder) {
    const auto numbers = series<float, 3>(20);
    SeriesWindows<float, 3, 2> data{numbers, {.length = 5, .horizon = 4, .batch = 3}};
    data.begin_epoch(Seed{1}, 1);
    ASSERT_EQ(data.size(), 12u);
    for (std::size_t k = 0; k < data.size(); ++k) {
        EXPECT_EQ(data.window(k).data(), numbers.data() + 3 * k) << "no copy";
        EXPECT_EQ(data.window(k).size(), 15u);
        EXPECT_EQ(data.target(k).data(), numbers.data() + 3 * (k + 8));
        EXPECT_EQ(data.target(k).size(), 2u);
    }
    SeriesWindows<float, 3, 3, 2> further{numbers, {.length = 5, .horizon = 4, .batch = 3}};
    EXPECT_EQ(further.size(), 11u);
    EXPECT_EQ(further.target(10).data(), numbers.data() + 3 * 18);
    EXPECT_EQ(further.target(10).size(), 6u);
    expect_argument([&] { (void)data.window(12); },
                    "rondo::SeriesWindows: expected a window from 0 to below 12, got 12");
    expect_argument([&] { (void)data.target(13); },
                    "rondo::SeriesWindows: expected a window from 0 to below 12, got 13");
}

TEST(SeriesWindows, AreOfFiftyStepsUnlessAsked) {
    const auto numbers = series<double, 1>(51);
    One data{numbers};
    EXPECT_EQ(data.settings(), (SeriesWindowsSettings{50, 1, 32}));
    EXPECT_EQ(data.size(), 1u);
    EXPECT_EQ(data.at(0).target.value[0], 500);
}

TEST(SeriesWindows, RefusesWhatHasNoWindow) {
    const auto numbers = series<double, 1>(40);
    expect_argument([&] { One{numbers}; },
                    "rondo::SeriesWindows: a window of 50 and a horizon of 1 need a series of 51 "
                    "steps or more, got 40");
    expect_argument(
        [&] { One(numbers, {.length = 38, .horizon = 3}); },
        "rondo::SeriesWindows: a window of 38 and a horizon of 3 need a series of 41 steps or more, got 40");
    EXPECT_EQ(One(numbers, {.length = 38, .horizon = 2}).size(), 1u);
    expect_argument([] { One{std::span<const double>{}, {.length = 1}}; },
                    "rondo::SeriesWindows: a window of 1 and a horizon of 1 need a series of 2 steps or more, got 0");
    expect_argument([&] { SeriesWindows<double, 1, 1, 7>(numbers, {.length = 32, .horizon = 3}); },
                    "rondo::SeriesWindows: a window of 32 and a horizon of 3 to 9 need a series of 41 steps or more, "
                    "got 40");
    constexpr int most = std::numeric_limits<int>::max();
    expect_argument([&] { One(numbers, {.length = most, .horizon = most}); },
                    "rondo::SeriesWindows: a window of 2147483647 and a horizon of 2147483647 need a series of "
                    "4294967294 steps or more, got 40");
    expect_argument([&] { SeriesWindows<double, 3>(numbers, {.length = 2}); },
                    "rondo::SeriesWindows: expected a series of 3 numbers per step, got 40 numbers");
    const std::string settings = "rondo::SeriesWindows: length, horizon and batch: expected 1 or more, got ";
    expect_argument([&] { One(numbers, {.length = 0}); }, settings + "0, 1 and 32");
    expect_argument([&] { One(numbers, {.length = 5, .horizon = 0}); }, settings + "5, 0 and 32");
    expect_argument([&] { One(numbers, {.length = 5, .batch = -1}); }, settings + "5, 1 and -1");
}

TEST(SeriesWindows, RefusesABatchBeyondTheLast) {
    const auto numbers = series<double, 1>(40);
    One data{numbers, {.length = 7, .batch = 5}};
    expect_argument([&] { data.at(7); }, "rondo::SeriesWindows: expected a batch from 0 to below 7, got 7");
}

} // namespace series_windows_test
