// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/data/token_windows.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <support/training.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fit_test {

using namespace rondo;

using B = EigenBackend<double>;
using LetterModel = Model<Letters, B>;
using LetterTrainer = Trainer<Letters, CrossEntropy, Adam, B>;

inline const std::vector<int> text = letters(33);
inline constexpr Adam rule{.rate = 1e-2};
inline const FitOptions three{.epochs = 3};
inline const TrainerSettings settings{.clip_norm = 0.5, .seed = Seed{4}};

/// 27 windows: five batches of five and one of two.
inline TokenWindows windows() { return {text, 6, 5}; }

/// Options with these validation losses, one an epoch.
inline FitOptions validated(std::vector<double> losses) {
    FitOptions options{.epochs = std::int64_t(losses.size())};
    options.validate = [losses = std::move(losses), n = std::size_t(0)]() mutable { return losses.at(n++); };
    return options;
}

/// Targets of which none counts.
inline const std::vector<int> ignored(33, 3);

} // namespace fit_test
