// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/train/fit.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace common {

/// Tells how a training run is going: a bar with loss, speed and remaining time on a terminal, a line for some of the
/// epochs elsewhere.
///
/// Units  speed in `unit` a second; a batch's work is the terms of its loss.
class ProgressBar {
public:
    ProgressBar(std::int64_t epochs, std::int64_t first, std::string unit)
        : epochs_{epochs}, first_{first}, unit_{std::move(unit)}, terminal_{isatty(STDOUT_FILENO) != 0},
          start_{Clock::now()} {}

    void batch(const rondo::Progress& p) {
        epoch_terms_ = p.loss.terms;
        const double now = seconds();
        if (!terminal_ || (now - drawn_ < 0.1 && p.batch < p.batches)) return;
        drawn_ = now;
        const double done = double(p.epoch - first_) + double(p.batch) / double(p.batches),
                     all = double(epochs_ - first_);
        const int width = 28, filled = int(width * done / all);
        std::printf("\r[%s%s] epoch %lld/%lld  loss %.4f  %.0f %s/s  %s left ",
                    std::string(std::size_t(filled), '#').c_str(),
                    std::string(std::size_t(width - filled), '.').c_str(), static_cast<long long>(p.epoch + 1),
                    static_cast<long long>(epochs_), p.loss.mean(), (terms_ + epoch_terms_) / now, unit_.c_str(),
                    clock(now / done * (all - done)).c_str());
        std::fflush(stdout);
    }
    void epoch(const rondo::EpochResult& result) {
        terms_ += epoch_terms_;
        const bool validated = !std::isnan(result.validation);
        const std::int64_t every = validated ? 1 : std::max<std::int64_t>(1, epochs_ / 10);
        if (terminal_ && !validated) return;
        if (result.epoch % every != 0 && result.epoch != 1 && result.epoch != epochs_) return;
        std::printf("%sepoch %lld/%lld  loss %.4f", terminal_ ? "\r\033[K" : "", static_cast<long long>(result.epoch),
                    static_cast<long long>(epochs_), result.loss);
        if (validated) std::printf("  validation %.4f", result.validation);
        std::printf("  %.0f %s/s\n", terms_ / seconds(), unit_.c_str());
        std::fflush(stdout);
    }
    void end() const {
        if (terminal_) std::printf("\n");
    }

    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double per_second() const { return terms_ / seconds(); }

private:
    using Clock = std::chrono::steady_clock;
    static std::string clock(double seconds) {
        char text[32];
        const auto whole = static_cast<long>(seconds + 0.5);
        std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
        return text;
    }

    std::int64_t epochs_, first_;
    std::string unit_;
    bool terminal_;
    Clock::time_point start_;
    double terms_ = 0, epoch_terms_ = 0, drawn_ = 0;
};

} // namespace common
