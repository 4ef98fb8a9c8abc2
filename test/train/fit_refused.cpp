// SPDX-License-Identifier: MIT
// What fit refuses: options, data, losses and parameters, before or while it trains.
#include "letters_fit.hpp"

#include <rondo/loss/mean_squared_error.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fit_test {

TEST(Fit, RefusesOptionsThatDoNotFit) {
    LetterModel model{Seed{1}};
    const LetterModel before = model;
    TokenWindows data = windows();
    const std::string message = "rondo::fit: plateau and patience need validate, which gives the loss they watch";
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {.patience = 1}); }, message);
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {.plateau = ReduceOnPlateau{}}); }, message);
    FitOptions options = validated({1});
    options.plateau = ReduceOnPlateau{.patience = -1};
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, options); }, "patience: expected 0 or more, got -1");
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {}, {.threads = 0}); },
                    "rondo::Trainer: threads: expected 1 or more, got 0");
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {.epochs = -1}); },
                    "rondo::fit: epochs: expected 0 or more, got -1");
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {.patience = -1}); },
                    "rondo::fit: patience: expected 0 or more, got -1");
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {}, {.schedule = StepDecay{.every = 0}}); },
                    "every: expected 1 or more, got 0");
    EXPECT_EQ(model, before);
    EXPECT_TRUE(fit(model, data, CrossEntropy{}, rule, {.epochs = 0}).empty());
    EXPECT_EQ(model, before);
}

TEST(Fit, RefusesAProgressOfOtherData) {
    LetterModel model{Seed{1}};
    LetterTrainer trainer{model, {}, rule};
    TokenWindows data = windows(), fewer{text, 6, 20};
    FitOptions options = three;
    options.on_batch = [](const Progress& p) { return p.batch < 4; };
    Progress progress;
    fit(trainer, data, options, progress);
    expect_argument([&] { fit(trainer, fewer, three, progress); },
                    "rondo::fit: the run is in an epoch of 6 batches, the data are 2");
}

/// Equal batches of `steps` steps.
struct Alike {
    std::size_t batches;
    int steps;
    std::vector<int> tokens = std::vector<int>(10, 3);

    std::size_t count() const { return batches; }
    void begin_epoch(Seed, std::int64_t) {}
    Batch<Tokens, Tokens> at(std::size_t) const {
        const Tokens x{tokens.data(), nullptr, {steps, 2}};
        return {{x}, x};
    }
};

TEST(Fit, RefusesDataThatHaveNothingToLearn) {
    LetterModel model{Seed{1}};
    const LetterModel before = model;
    const auto expect_none = [&](auto data, CrossEntropy loss, const std::string& message) {
        expect_argument([&] { fit(model, data, loss, rule, three); }, message);
        EXPECT_EQ(model, before);
    };
    const std::string none = "rondo::fit: epoch 1: expected one target or more among its batches, got none";
    expect_none(Alike{3, 0}, {}, none);
    expect_none(Alike{3, 2}, {.ignore = 3}, none);
    expect_none(TokenWindows{ignored, 6, 5}, {.ignore = 3}, none);
    expect_none(Alike{0, 2}, {}, "rondo::fit: expected one batch or more, got none");
    Alike empty{2, 0};
    expect_argument([&] { evaluate(model, empty, CrossEntropy{}); },
                    "rondo::evaluate: expected one target or more, got none");
}

TEST(Fit, RefusesAValidationThatIsNoLoss) {
    for (const auto& [loss, got] : {std::pair{NAN, "nan"}, std::pair{INFINITY, "inf"}, std::pair{-INFINITY, "-inf"}}) {
        LetterModel model{Seed{1}};
        LetterTrainer trainer{model, {}, rule};
        TokenWindows data{text, 20, 20};
        FitOptions options = validated({3, double(loss), 1});
        options.epochs = 2;
        Progress progress;
        expect_failure([&] { fit(trainer, data, options, progress); }, Error::Kind::not_finite,
                       std::string{"rondo::fit: epoch 2: expected a finite loss of validate, got "} + got);
        EXPECT_EQ(progress.epoch, 1) << "it may be validated again";
        EXPECT_EQ(progress.best, 3);
        EXPECT_EQ(fit(trainer, data, options, progress).size(), 1u);
        EXPECT_EQ(progress.best, 1);
    }
}

// The loss and the gradient of a step are finite, but the updated parameters are not.
TEST(Fit, RefusesParametersThatOverflow) {
    using Small = Sequential<Named<"fc", Linear<3, 1>>>;
    Model<Small, EigenBackend<float>> model{Seed{1}};
    const Tracks<float> tracks{2, 3};
    struct One {
        const Tracks<float>& tracks;
        std::size_t count() const { return 1; }
        void begin_epoch(Seed, std::int64_t) {}
        auto at(std::size_t) const { return tracks.batch(); }
    } data{tracks};
    const TrainerSettings large{.schedule = [](std::int64_t) { return 1e42; }};
    expect_failure([&] { fit(model, data, MeanSquaredError{}, SGD{}, three, large); }, Error::Kind::not_finite,
                   "rondo::Trainer: after step 1: parameter fc.weight is not finite; the rate may be too large");

    model = Model<Small, EigenBackend<float>>{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, rule};
    std::fill_n(model.data(), 3, 1e20f); // its square overflows float
    EXPECT_FALSE(trainer.problem());
    trainer.optimizer_memory()[1][0] = INFINITY;
    EXPECT_EQ(trainer.problem().message, "rondo::Trainer: after step 0: the optimizer's memory of fc.weight is not "
                                         "finite; the rate may be too large");
}

} // namespace fit_test
