// SPDX-License-Identifier: MIT
#pragma once

#include "checkpoint_file.hpp"
#include "progress.hpp"
#include "trainer.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The name of an optimizer in a checkpoint: Rule::name, if it has one.
template <class Rule>
std::string optimizer_name() {
    if constexpr (requires { std::string_view{Rule::name}; }) return std::string{Rule::name};
    else return "optimizer";
}

/// The part of a checkpoint that identifies a trainer, without its progress.
template <class Loss, class Rule, Backend B>
auto checkpoint_of(const TrainerBase<Loss, Rule, B>& trainer) {
    Checkpoint<typename B::scalar> run;
    run.tensors = trainer.network().tensors;
    run.size = trainer.model().count();
    run.state_size = trainer.network().state_size;
    run.optimizer = optimizer_name<Rule>();
    run.groups = text_of(run.tensors, trainer.settings().groups);
    run.average = trainer.settings().average;
    if (const auto& dropout = trainer.settings().dropout) run.dropout = to_text(*dropout);
    run.seed = trainer.settings().seed.value;
    run.shards = trainer.settings().shards;
    return run;
}
/// Copies all that a trainer's steps change.
template <class S, class Loss, class Rule, Backend B>
[[gnu::cold]] void take(Checkpoint<S>& run, const TrainerBase<Loss, Rule, B>& trainer) {
    run.steps = trainer.steps();
    run.rate = trainer.rate_factor();
    run.parameters = trainer.model().values();
    for (const auto& buffer : trainer.optimizer_memory()) {
        run.memory.emplace_back(run.size);
        B::download(run.memory.back().data(), B::data(buffer), run.size);
    }
    run.state = trainer.state().values();
    run.averaged = trainer.average().values();
    run.kept = trainer.kept().values();
}
/// Copies it back.
template <class S, class Loss, class Rule, Backend B>
[[gnu::cold]] void put(const Checkpoint<S>& run, TrainerBase<Loss, Rule, B>& trainer) {
    auto& memory = trainer.optimizer_memory();
    StateBuffer<B> state{run.state_size, int(run.state_size > 0 ? run.state.size() / run.state_size : 0)};
    std::vector<S> kept = run.kept;
    state.assign(run.state); // before the trainer is changed
    trainer.model().assign(run.parameters);
    for (std::size_t k = 0; k < memory.size(); ++k) B::upload(memory[k], run.memory[k].data(), run.size);
    if (trainer.average()) trainer.average().assign(run.averaged);
    trainer.state().swap(state);
    trainer.kept().assign(std::move(kept));
    trainer.steps(run.steps);
    trainer.rate_factor(run.rate);
}
}

/// Writes everything that a training run needs to resume with the same bits: parameters, optimizer memory, persistent
/// states, step, progress in the epoch, seed, the average of the weights and the best ones, if there are. The file is
/// replaced by an atomic rename. All ranks of a trainer call it: rank 0 writes the states of all of them, and the
/// others wait for its result.
///
/// Errors  not_finite: a number in the parameters, the optimizer's memory or a state that is NaN or infinite; argument:
///         a number of the progress that is out of range; file: the path and the system's reason. An existing file is
///         unchanged then.
template <class Loss, class Rule, Backend B>
void save_checkpoint(const detail::TrainerBase<Loss, Rule, B>& trainer, const Progress& progress,
                     const std::filesystem::path& path, Error& error) noexcept {
    no_throw(error, [&] {
        auto run = detail::checkpoint_of(trainer);
        run.progress = progress;
        detail::take(run, trainer);
        Error problem;
        if (trainer.ranks()) run.state = trainer.gathered_state(problem);
        if (!problem) problem = trainer.ranks().first([&](Error& written) { detail::write(run, path, written); });
        if (problem) error = std::move(problem);
    });
}
template <class Loss, class Rule, Backend B>
void save_checkpoint(const detail::TrainerBase<Loss, Rule, B>& trainer, const Progress& progress,
                     const std::filesystem::path& path) {
    or_fail([&](Error& error) { save_checkpoint(trainer, progress, path, error); });
}

/// Restores the trainer and the progress that save_checkpoint wrote, by any number of ranks. All ranks of a trainer
/// call it: rank 0 reads, and sends what it has read to the others.
///
/// Errors  those of load; format: a number that is out of range; mismatch: an optimizer, seed, number of shards, groups
///         of parameters, average of weights or dropout that differ from the trainer's. Nothing is then changed.
template <class Loss, class Rule, Backend B>
void load_checkpoint(detail::TrainerBase<Loss, Rule, B>& trainer, Progress& progress, const std::filesystem::path& path,
                     Error& error) noexcept {
    no_throw(error, [&] {
        auto run = detail::checkpoint_of(trainer);
        const std::size_t memories = trainer.optimizer_memory().size();
        if (Error problem = detail::read(run, memories, path, trainer.ranks())) return void(error = std::move(problem));
        detail::put(run, trainer);
        progress = run.progress;
    });
}
template <class Loss, class Rule, Backend B>
void load_checkpoint(detail::TrainerBase<Loss, Rule, B>& trainer, Progress& progress,
                     const std::filesystem::path& path) {
    or_fail([&](Error& error) { load_checkpoint(trainer, progress, path, error); });
}

} // namespace rondo
