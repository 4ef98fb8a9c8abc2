// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "../io/model.hpp"
#include "checkpoint_numbers.hpp"
#include "fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The content of a checkpoint, type-erased: written and read independently of network, loss and optimizer.
template <class S>
struct Checkpoint {
    std::span<const ParameterSpec> tensors;
    std::size_t size = 0, state_size = 0; // elements of a model, and of one sequence's state
    std::string optimizer;
    std::uint64_t seed = 0;
    int shards = 0;

    Progress progress{};
    std::int64_t steps = 0;
    double rate = 1;
    std::vector<S> parameters{};
    std::vector<std::vector<S>> memory{}; // buffers of the optimizer
    std::vector<S> state{};               // of all sequences

    /// Calls `visit(name, number, range)` for each number that is not a tensor, with its valid range.
    template <class Visit>
    void each_number(Visit&& visit) {
        visit("steps", steps, NumberRange::count);
        visit("rate_factor", rate, NumberRange::from_zero);
        visit("seed", seed, NumberRange::whole);
        visit("shards", shards, NumberRange::count);
        visit("epoch", progress.epoch, NumberRange::count);
        visit("batch", progress.batch, NumberRange::count);
        visit("batches", progress.batches, NumberRange::count);
        visit("loss_sum", progress.loss.sum, NumberRange::finite);
        visit("loss_terms", progress.loss.terms, NumberRange::from_zero);
        visit("best", progress.best, NumberRange::best);
        visit("bad", progress.bad, NumberRange::count);
        visit("plateau_best", progress.plateau.best, NumberRange::best);
        visit("plateau_bad", progress.plateau.bad, NumberRange::count);
        visit("plateau_rate", progress.plateau.rate, NumberRange::part);
    }
    /// An error if numbers are inconsistent, although each is in its range.
    Error problem() const {
        if (progress.batch <= progress.batches) return {};
        return {Error::Kind::format, "checkpoint: batch: expected at most the " + std::to_string(progress.batches) +
                                         " of an epoch, got " + std::to_string(progress.batch)};
    }
};

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
    run.seed = trainer.settings().seed.value;
    run.shards = trainer.settings().shards;
    return run;
}

/// Names of tensors in a checkpoint that are not the model's.
inline std::string memory_prefix(std::size_t k) { return "optimizer." + std::to_string(k) + '.'; }
inline constexpr const char* state_name = "state.0";

/// Limits of a checkpoint, which may have many persistent states besides the model and the optimizer's memory.
inline io::SafetensorsLimits checkpoint_limits(std::size_t bytes) {
    io::SafetensorsLimits limits = limits_of(bytes);
    limits.file = (std::max)(limits.file, io::default_limit);
    return limits;
}

template <class S>
Error state_problem(const std::vector<S>& values, const std::string& source) {
    if (range::all_of(values, [](S value) { return std::isfinite(value); })) return {};
    return {Error::Kind::not_finite, source + ": tensor " + state_name + " has a number that is not finite"};
}
template <class S>
Error finite_problem(const Checkpoint<S>& run, const std::string& source) {
    Error problem = finite_problem(run.tensors, run.parameters.data(), source, {"model."});
    for (std::size_t k = 0; k < run.memory.size() && !problem; ++k)
        problem = finite_problem(run.tensors, run.memory[k].data(), source, {memory_prefix(k)});
    return problem ? problem : state_problem(run.state, source);
}

template <class S>
void write(Checkpoint<S>& run, const std::filesystem::path& path, Error& error) {
    io::Metadata metadata = kinds_of(run.tensors);
    metadata.emplace_back("optimizer", run.optimizer);
    Numbers numbers{metadata};
    run.each_number([&](const char* name, auto value, NumberRange range) { numbers.write(name, value, range); });
    Error problem = numbers.error() ? numbers.error() : run.problem();
    if (problem) return void(error = {Error::Kind::argument, path.string() + ": " + problem.message});
    if ((problem = finite_problem(run, path.string()))) return void(error = std::move(problem));

    NamedTensors<S> named;
    named.add("model.", run.tensors, run.parameters.data());
    for (std::size_t k = 0; k < run.memory.size(); ++k) named.add(memory_prefix(k), run.tensors, run.memory[k].data());
    auto all = named.data();

    const std::vector<std::size_t> shape{run.state_size > 0 ? run.state.size() / run.state_size : 0, run.state_size};
    all.push_back({state_name, io::dtype_of<S>, shape, std::as_bytes(std::span{run.state})});
    const io::SafetensorsLimits limits = checkpoint_limits((1 + run.memory.size()) * run.size * sizeof(S));
    io::write_safetensors(path, all, metadata, limits, error);
}

template <class S>
Error read_state(const io::Safetensors& file, const std::string& source, std::size_t size, std::vector<S>& values) {
    const std::string name = state_name;
    const io::TensorInfo* found = file.find(name);
    constexpr std::size_t most = 1'000'000;
    if (!found) return {Error::Kind::mismatch, source + ": tensor " + name + " is missing"};
    if (found->dtype != io::dtype_of<S> || found->shape.size() != 2 || found->shape[1] != size ||
        found->shape[0] > most)
        return {Error::Kind::mismatch, source + ": tensor " + name + ": expected " + std::to_string(size) +
                                           " numbers for each of up to " + std::to_string(most) + " sequences, got " +
                                           io::detail::describe(found->dtype, found->shape)};
    values.resize(found->shape[0] * size);
    if (!values.empty()) std::memcpy(values.data(), file.bytes(*found).data(), values.size() * sizeof(S));
    return state_problem(values, source);
}

/// Reads a checkpoint into `run`, whose tensors, optimizer, seed and number of shards it must match.
template <class S>
Error read(Checkpoint<S>& run, std::size_t memories, const std::filesystem::path& path) {
    Error problem;
    const std::string source = path.string();
    const io::SafetensorsFile file{path, checkpoint_limits((1 + memories) * run.size * sizeof(S)), problem};
    if (problem) return problem;

    io::Metadata metadata = file.metadata();
    Numbers numbers{metadata};
    const std::uint64_t seed = run.seed;
    const int shards = run.shards;
    const auto has = [&](const char* name) {
        return range::find(metadata, name, &io::Metadata::value_type::first) != metadata.end();
    };
    if (has("threads") && !has("shards"))
        return {Error::Kind::mismatch, source +
                                           ": the run's sums depend on its number of threads, as they did in Rondo "
                                           "before shards; expected a run with a number of shards"};
    run.each_number([&](const char* name, auto& value, NumberRange range) { numbers.read(name, value, range); });
    problem = numbers.error() ? numbers.error() : run.problem();
    if (problem) return {problem.kind, source + ": " + problem.message};
    if (run.seed != seed || run.shards != shards)
        return {Error::Kind::mismatch, source + ": the run has seed " + std::to_string(run.seed) + " and " +
                                           std::to_string(run.shards) + " shards, the trainer seed " +
                                           std::to_string(seed) + " and " + std::to_string(shards) + " shards"};
    const auto rule = range::find(metadata, "optimizer", &io::Metadata::value_type::first);
    if (rule == metadata.end() || rule->second != run.optimizer)
        return {Error::Kind::mismatch, source + ": the run's optimizer is " +
                                           (rule == metadata.end() ? "not told" : printable(rule->second)) +
                                           ", the trainer's " + run.optimizer};

    if ((problem = kinds_problem(run.tensors, file, source, {}))) return problem;
    run.parameters.resize(run.size);
    problem = read_tensors(run.tensors, file, source, {"model."}, run.parameters.data());
    run.memory.assign(memories, std::vector<S>(run.size));
    for (std::size_t k = 0; k < memories && !problem; ++k)
        problem = read_tensors(run.tensors, file, source, {memory_prefix(k)}, run.memory[k].data());
    if (!problem) problem = read_state(file, source, run.state_size, run.state);
    const std::size_t expected = run.tensors.size() * (1 + memories) + 1;
    if (!problem && file.tensors().size() != expected)
        problem = {Error::Kind::mismatch, source + ": expected " + std::to_string(expected) + " tensors, got " +
                                              std::to_string(file.tensors().size())};
    return problem;
}
}

/// Writes everything that a training run needs to resume with the same bits: parameters, optimizer memory, persistent
/// states, step, progress in the epoch, seed. The file is replaced by an atomic rename.
///
/// Errors  not_finite: a number in the parameters, the optimizer's memory or a state that is NaN or infinite; argument:
///         a number of the progress that is out of range; file: the path and the system's reason. An existing file is
///         unchanged then.
template <class Loss, class Rule, Backend B>
void save_checkpoint(const detail::TrainerBase<Loss, Rule, B>& trainer, Progress progress,
                     const std::filesystem::path& path, Error& error) noexcept {
    no_throw(error, [&] {
        auto run = detail::checkpoint_of(trainer);
        run.progress = progress;
        run.steps = trainer.steps();
        run.rate = trainer.rate_factor();
        run.parameters = trainer.model().values();
        for (const auto& buffer : trainer.optimizer_memory()) {
            run.memory.emplace_back(run.size);
            B::download(run.memory.back().data(), B::data(buffer), run.size);
        }
        run.state = trainer.state().values();
        detail::write(run, path, error);
    });
}
template <class Loss, class Rule, Backend B>
void save_checkpoint(const detail::TrainerBase<Loss, Rule, B>& trainer, const Progress& progress,
                     const std::filesystem::path& path) {
    or_fail([&](Error& error) { save_checkpoint(trainer, progress, path, error); });
}

/// Restores the trainer and the progress that save_checkpoint wrote.
///
/// Errors  those of load; format: a number that is out of range; mismatch: an optimizer, seed or number of shards that
///         differs from the trainer's. Nothing is changed then.
template <class Loss, class Rule, Backend B>
void load_checkpoint(detail::TrainerBase<Loss, Rule, B>& trainer, Progress& progress, const std::filesystem::path& path,
                     Error& error) noexcept {
    no_throw(error, [&] {
        auto run = detail::checkpoint_of(trainer);
        auto& memory = trainer.optimizer_memory();
        if (Error problem = detail::read(run, memory.size(), path)) return void(error = std::move(problem));

        detail::StateBuffer<B> state{run.state_size, int(run.state_size > 0 ? run.state.size() / run.state_size : 0)};
        state.assign(run.state); // before the trainer is changed
        trainer.model().assign(run.parameters);
        for (std::size_t k = 0; k < memory.size(); ++k) B::upload(memory[k], run.memory[k].data(), run.size);
        trainer.state().swap(state);
        trainer.steps(run.steps);
        trainer.rate_factor(run.rate);
        progress = run.progress;
    });
}
template <class Loss, class Rule, Backend B>
void load_checkpoint(detail::TrainerBase<Loss, Rule, B>& trainer, Progress& progress,
                     const std::filesystem::path& path) {
    or_fail([&](Error& error) { load_checkpoint(trainer, progress, path, error); });
}

} // namespace rondo
