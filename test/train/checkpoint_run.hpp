// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/data/token_streams.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/train/checkpoint.hpp>
#include <rondo/train/fit.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

inline const std::vector<int> sixty_letters = letters(60);
inline constexpr rondo::Seed run_seed{11};

/// All objects of a training run, as a separate process would construct them.
template <class Data, class Rule>
struct RunOf {
    Data data;
    rondo::Model<Letters> model;
    rondo::Trainer<Letters, rondo::CrossEntropy, Rule, rondo::EigenBackend<float>> trainer;
    rondo::FitOptions options;
    rondo::Progress progress;

    RunOf(Rule rule, int threads, std::uint64_t initial = 1, int shards = 8)
        : data{sixty_letters, 7, 5}, model{rondo::Seed{initial}},
          trainer{model,
                  {},
                  rule,
                  {.clip_norm = 0.5,
                   .shards = shards,
                   .threads = threads,
                   .seed = run_seed,
                   .small_work = 0,
                   .schedule = rondo::CosineDecay{.steps = 100}}} {
        options.epochs = 2;
        options.plateau = rondo::ReduceOnPlateau{.patience = 0, .factor = 0.5, .threshold = 0.9}; // no epoch is better
        options.validate = [this] {
            rondo::TokenStreams held_out{sixty_letters, 20, 3};
            return rondo::evaluate(trainer, held_out).mean();
        };
    }
    RunOf(const RunOf&) = delete;
    rondo::History fit() { return rondo::fit(trainer, data, options, progress); }
    rondo::History fit_until(std::size_t batches) {
        options.on_batch = [batches, done = std::size_t(0)](const rondo::Progress&) mutable {
            return ++done < batches;
        };
        rondo::History history = fit();
        options.on_batch = {};
        return history;
    }
};

/// The state from which a run resumes.
template <class R>
void expect_same(R& a, R& b) {
    EXPECT_EQ(law::differing(a.model.values(), b.model.values()), 0u);
    EXPECT_EQ(a.progress, b.progress);
    EXPECT_EQ(a.trainer.steps(), b.trainer.steps());
    EXPECT_EQ(a.trainer.rate_factor(), b.trainer.rate_factor());
    EXPECT_EQ(a.trainer.optimizer_memory(), b.trainer.optimizer_memory());
    EXPECT_EQ(a.trainer.state(), b.trainer.state());
}

inline void expect_same(const rondo::History& a, const rondo::History& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        EXPECT_EQ(a[k].epoch, b[k].epoch);
        EXPECT_EQ(a[k].loss, b[k].loss);
        EXPECT_EQ(a[k].validation, b[k].validation);
    }
}
