// SPDX-License-Identifier: MIT
#pragma once

#include "status.hpp"

#include <rondo/train/fit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace common {

/// The progress of a training run: on a terminal a bar with loss, speed and remaining time, as far as they fit into its
/// width; elsewhere a line for some of the epochs, and within an epoch that takes long.
///
/// Units  speed in `unit` a second; a batch's work is the terms of its loss.
class ProgressBar {
public:
    ProgressBar(std::int64_t epochs, const rondo::Progress& first, std::string unit)
        : epochs_{epochs}, first_{part(first)}, unit_{std::move(unit)}, epoch_terms_{-first.loss.terms} {}

    void batch(const rondo::Progress& p) {
        loss_ = p.loss.mean();
        now_terms_ = terms_ + epoch_terms_ + p.loss.terms;
        const bool last = p.batch == p.batches && p.epoch + 1 == epochs_ && Status::width() > 0;
        if (!last && !status_.due()) return;
        const double done = part(p) - first_, left = double(epochs_) - part(p);
        status_.show(text(p.epoch + 1, done / (done + left), clock(seconds() / done * left) + " left"));
    }
    /// The progress of a validation: `done` of `all` batches.
    void validating(std::int64_t epoch, std::size_t done, std::size_t all) {
        if (!status_.due()) return;
        status_.show("epoch " + std::to_string(epoch) + '/' + std::to_string(epochs_) +
                     "  validating: " + std::to_string(100 * done / all) + " %");
    }
    void epoch(const rondo::EpochResult& result) {
        terms_ = now_terms_;
        epoch_terms_ = 0;
        const bool validated = !std::isnan(result.validation);
        const std::int64_t every = validated ? 1 : std::max<std::int64_t>(1, epochs_ / 10);
        if (Status::width() > 0 && !validated) return;
        if (result.epoch % every != 0 && result.epoch != std::int64_t(first_) + 1 && result.epoch != epochs_) return;
        std::string line = head(result.epoch) + number("  loss %.4f", result.loss);
        if (validated) line += number("  validation %.4f", result.validation);
        status_.line(line + speed());
    }
    void end() { status_.keep(); }

    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double per_second() const { return terms_ / std::max(seconds(), 1e-9); }

private:
    using Clock = std::chrono::steady_clock;

    static double part(const rondo::Progress& p) { // in epochs, with the fraction of the current one
        return double(p.epoch) + (p.batches > 0 ? double(p.batch) / double(p.batches) : 0);
    }
    static std::string number(const char* format, double value) {
        char text[400];
        std::snprintf(text, sizeof text, format, value);
        return text;
    }
    static std::string clock(double seconds) {
        char text[32];
        const auto whole = static_cast<long long>(std::min(seconds + 0.5, 1e9));
        std::snprintf(text, sizeof text, "  %lld:%02lld", whole / 60, whole % 60);
        return text;
    }
    std::string head(std::int64_t epoch) const {
        return "epoch " + std::to_string(epoch) + '/' + std::to_string(epochs_);
    }
    std::string speed() const { return number("  %.0f ", now_terms_ / std::max(seconds(), 1e-9)) + unit_ + "/s"; }

    // The items that fit, the most important first; the bar fills the rest.
    std::string text(std::int64_t epoch, double share, const std::string& left) const {
        const int width = Status::width(), room = width > 0 ? width - 1 : 1000;
        const std::string loss = number("  loss %.4f", loss_), rate = speed();
        std::string line = head(epoch);
        int used = int(line.size());
        const auto fits = [&](const std::string& part) {
            const bool does = used + int(part.size()) <= room;
            if (does) used += int(part.size());
            return does;
        };
        const bool with_loss = fits(loss), with_left = fits(left), with_rate = fits(rate);
        line += (with_loss ? loss : "") + (with_rate ? rate : "") + (with_left ? left : "");
        const int bar = width == 0 ? 0 : std::min(28, room - int(line.size()) - 3), filled = int(bar * share);
        if (bar < 4) return line;
        return '[' + std::string(std::size_t(filled), '#') + std::string(std::size_t(bar - filled), '.') + "] " + line;
    }

    std::int64_t epochs_;
    double first_;
    std::string unit_;
    Status status_;
    Clock::time_point start_ = Clock::now();
    double loss_ = 0, terms_ = 0, epoch_terms_, now_terms_ = 0; // terms of whole epochs; of this one, before the run
};

} // namespace common
