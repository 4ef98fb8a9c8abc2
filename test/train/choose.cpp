// SPDX-License-Identifier: MIT
// What a search over settings varies at run time: sizes of a network, the rate of dropout.
#include <rondo/core/choose.hpp>

#include "letters_fit.hpp"

#include <rondo/model/summary.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace choose_test {

using namespace fit_test;

template <int hidden>
using Tagger = Sequential<Named<"in", Embedding<7, 3>>, Named<"out", Linear<3, hidden>>>;

TEST(Choose, CallsTheVisitorOfTheSize) {
    const auto outputs = [](int size) {
        return choose<Sizes<Tagger, 7, 20, 33>>(size,
                                                []<class Net>(std::type_identity<Net>) { return Net::output_size; });
    };
    for (const int size : {7, 20, 33}) EXPECT_EQ(outputs(size), size);
    for (const int size : {0, -7, 8, 34})
        expect_argument([&] { outputs(size); },
                        "rondo::choose: expected a size of 7, 20, 33, got " + std::to_string(size));
}

TEST(Choose, TakesSizesByThemselves) {
    const auto parameters = [](int hidden, int layers) {
        return choose<1, 3, 5>(hidden, [&](auto h) {
            return choose<1, 2>(layers, [&](auto n) { return parameter_count<LSTM<3, h, Stack{.layers = n}>>; });
        });
    };
    EXPECT_EQ(parameters(5, 2), (parameter_count<LSTM<3, 5, Stack{.layers = 2}>>));
    EXPECT_EQ(parameters(1, 1), (parameter_count<LSTM<3, 1>>));
    expect_argument([&] { parameters(5, 3); }, "rondo::choose: expected a size of 1, 2, got 3");
    int called = 0;
    choose<3>(3, [&](auto) { ++called; });
    EXPECT_EQ(called, 1);
}

/// A network whose rates of dropout are `between` and `after`.
template <Rate between, Rate after>
using Dropped =
    Sequential<Named<"in", Embedding<7, 5>>, Named<"lstm", LSTM<5, 5, Stack{.layers = 2, .dropout = between}>>,
               Dropout<5, after>, Named<"out", Linear<5, 7>>>;

template <class Net>
std::vector<double> trained(TrainerSettings with) {
    Model<Net, B> model{Seed{1}};
    TokenWindows data = windows();
    fit(model, data, CrossEntropy{}, rule, {.epochs = 1}, with);
    return model.values();
}

TEST(DropoutRate, OfTheRunGivesTheBitsOfOneInTheType) {
    using Open = Dropped<run_time_rate, run_time_rate>;
    TrainerSettings with = settings;
    for (const int threads : {1, 2}) {
        with.threads = threads;
        with.dropout = 0.25;
        const auto quarter = trained<Open>(with);
        TrainerSettings fixed = with;
        fixed.dropout.reset(); // no layer would read it
        EXPECT_EQ(quarter, (trained<Dropped<Rate{25}, Rate{1, 4}>>(fixed)));
        with.dropout = 0;
        const auto none = trained<Open>(with);
        EXPECT_EQ(none, (trained<Dropped<Rate{0}, Rate{0}>>(with)));
        EXPECT_NE(none, quarter);
    }
    static_assert(std::is_same_v<Dropout<5>, Dropout<5, run_time_rate>>);
}

TEST(DropoutRate, IsGivenWhereItIsOpen) {
    using Open = Dropped<Rate{25}, run_time_rate>;
    const std::string message = "rondo: the network has a Dropout without a rate; expected TrainerSettings::dropout, a "
                                "number from 0 to below 1";
    expect_argument([] { trained<Open>(settings); }, message);
    expect_argument([] { trained<Open>({.dropout = 1}); },
                    "rondo::Trainer: dropout: expected a number from 0 to below 1, got 1");
    for (const int threads : {1, 2}) {
        TrainerSettings with = settings;
        with.threads = threads, with.small_work = 0, with.dropout = 0.5;
        expect_argument([&] { trained<Dropped<Rate{25}, Rate{0}>>(with); },
                        "rondo::Trainer: dropout: the network has no layer that leaves its rate open; expected "
                        "Dropout<size> or Stack{.dropout = run_time_rate}");
    }
    const Model<Open, B> model{Seed{1}};
    TokenWindows data = windows();
    EXPECT_GT(evaluate(model, data, CrossEntropy{}).mean(), 0) << "an evaluation needs none";
    EXPECT_NE(summary(model).find("Dropout of the trainer's rate"), std::string::npos);
}

} // namespace choose_test
