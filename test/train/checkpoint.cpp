// SPDX-License-Identifier: MIT
#include "checkpoint_run.hpp"

#include <rondo/data/token_windows.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/sgd.hpp>

#include <cmath>
#include <limits>

namespace checkpoint_test {

using namespace rondo;

/// Trains two epochs without a stop, or stops after some batches, saves, and resumes with new objects, and with another
/// number of threads.
template <class Data, class Rule>
void expect_resumes(Rule rule) {
    const TemporaryFolder folder;
    for (const int threads : {1, 2}) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        RunOf<Data, Rule> whole{rule, threads};
        const History expected = whole.fit();
        ASSERT_EQ(expected.size(), 2u);
        const std::size_t all = whole.data.count();
        ASSERT_GT(all, 1u);
        EXPECT_LT(whole.trainer.rate_factor(), 1);
        for (const std::size_t stop : {std::size_t(1), all - 1, all, all + 1, 2 * all - 1, 2 * all}) {
            SCOPED_TRACE("stopped after " + std::to_string(stop) + " of " + std::to_string(2 * all) + " batches");
            RunOf<Data, Rule> first{rule, threads}, second{rule, 4 - threads, 77};
            History history = first.fit_until(stop);
            save_checkpoint(first.trainer, first.progress, folder / "a");
            load_checkpoint(second.trainer, second.progress, folder / "a");
            expect_same(first, second);
            for (const EpochResult& e : second.fit()) history.push_back(e);
            expect_same(history, expected);
            expect_same(second, whole);
        }
    }
}

TEST(Checkpoint, ResumesWindowsWithAdam) { expect_resumes<TokenWindows>(Adam{.rate = 1e-2}); }
TEST(Checkpoint, ResumesWindowsWithMomentum) { expect_resumes<TokenWindows>(SGD{.rate = 0.1, .momentum = 0.9}); }
TEST(Checkpoint, ResumesWindowsWithRMSprop) {
    expect_resumes<TokenWindows>(RMSprop{.rate = 1e-3, .momentum = 0.9, .centered = true});
}
TEST(Checkpoint, ResumesStreamsWithAdam) { expect_resumes<TokenStreams>(Adam{.rate = 1e-2}); }
TEST(Checkpoint, ResumesStreamsWithMomentum) { expect_resumes<TokenStreams>(SGD{.rate = 0.1, .momentum = 0.9}); }
TEST(Checkpoint, ResumesStreamsWithRMSprop) {
    expect_resumes<TokenStreams>(RMSprop{.rate = 1e-3, .momentum = 0.9, .centered = true});
}

TEST(Checkpoint, KeepsNumbersExactly) {
    const TemporaryFolder folder;
    RunOf<TokenStreams, Adam> run{{}, 2}, other{{}, 2, 77};
    run.fit_until(1);
    run.progress = {.epoch = std::numeric_limits<std::int64_t>::max() / 2,
                    .batch = 12345678901,
                    .batches = std::numeric_limits<std::size_t>::max() / 2,
                    .loss = {0.1 + 0.2, 1e-310},
                    .best = std::numeric_limits<double>::infinity(),
                    .bad = 3,
                    .plateau = {.best = 1.0 / 3, .bad = 5, .rate = std::nextafter(1.0, 0.0)}};
    run.trainer.steps(std::int64_t{1} << 60);
    run.trainer.rate_factor(2.0 / 3);
    save_checkpoint(run.trainer, run.progress, folder / "a");
    Error untouched{Error::Kind::argument, "from before"};
    load_checkpoint(other.trainer, other.progress, folder / "a", untouched);
    EXPECT_EQ(untouched, (Error{Error::Kind::argument, "from before"}));
    expect_same(run, other);
}

} // namespace checkpoint_test
