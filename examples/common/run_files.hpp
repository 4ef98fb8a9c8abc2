// SPDX-License-Identifier: MIT
#pragma once

#include "options.hpp"

#include <rondo/data/vocabulary.hpp>
#include <rondo/io/safetensors.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace common {

/// A vocabulary that is saved beside a model and a checkpoint.
struct Companion {
    const char* ending;
    const rondo::Vocabulary* vocabulary;
};

/// The progress of a run when its files were written. A run that completed all of its epochs counts as further than
/// every run that was stopped or failed; those are compared by epochs and batches.
struct Reach {
    bool ended = true;
    std::int64_t epoch = 0, batch = 0;

    bool as_far_as(const Reach& other) const {
        return ended || (!other.ended && std::tie(epoch, batch) >= std::tie(other.epoch, other.batch));
    }
    rondo::io::Metadata metadata() const {
        return {{"epoch", std::to_string(epoch)}, {"batch", std::to_string(batch)}};
    }
};

/// The progress of the run that wrote a model or checkpoint; complete if the file does not record it.
std::optional<Reach> reach_of(const std::filesystem::path& file);

/// The files of a run: model, checkpoint, companions and pictures.
class RunFiles {
public:
    /// The paths of a run's model and checkpoint: for k = 1 those of the options, for 2, 3, ... NAME-2, NAME-3, ...
    struct Place {
        std::filesystem::path model, checkpoint;
    };

    RunFiles(const Options& options, std::vector<Companion> companions)
        : options_{&options}, companions_{std::move(companions)} {}

    /// Rejects paths that cannot be written, before the training.
    void check(std::uintmax_t bytes) const;

    /// The paths for a run with this progress. Files of a run that got further are not overwritten: a stopped run uses
    /// the first paths without such files; for a completed run, files of a run of more epochs are moved away.
    Place choose(const Reach& now) const;
    void save_companions(const Place& to) const;

private:
    Place place(int k) const;
    std::vector<std::filesystem::path> files(const Place& place) const;
    void move_away() const;

    const Options* options_;
    std::vector<Companion> companions_;
};

} // namespace common
