// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../core/printable.hpp"
#include "../core/range.hpp"
#include "../io/bytes.hpp"
#include "../io/file.hpp"
#include "../io/model.hpp"
#include "../io/safetensors.hpp"
#include "checkpoint_numbers.hpp"
#include "moving_average.hpp"
#include "progress.hpp"
#include "ranks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The content of a checkpoint, type-erased: written and read independently of network, loss and optimizer.
template <class S>
struct Checkpoint {
    std::span<const ParameterSpec> tensors;
    std::size_t size = 0, state_size = 0; // elements of a model, and of one sequence's state
    std::string optimizer;
    std::string groups{}, dropout{}; // empty: none
    std::optional<MovingAverage> average{};
    std::uint64_t seed = 0;
    int shards = 0;

    Progress progress{};
    std::int64_t steps = 0;
    double rate = 1;
    std::vector<S> parameters{};
    std::vector<std::vector<S>> memory{}; // buffers of the optimizer
    std::vector<S> state{};               // of all sequences
    std::vector<S> averaged{}, kept{};    // the average of the weights; the best ones so far, or empty

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
    /// The same of the settings of its average, if it has one.
    template <class Visit>
    void each_number_of_average(Visit&& visit) {
        visit("average_decay", average->decay, NumberRange::part);
        visit("average_start", average->start, NumberRange::count);
        int warm_up = average->warm_up;
        visit("average_warm_up", warm_up, NumberRange::count);
        average->warm_up = warm_up != 0;
    }
    /// An error if numbers are inconsistent, although each is in its range.
    Error problem() const {
        if (progress.batch <= progress.batches) return {};
        return {Error::Kind::format, "checkpoint: batch: expected at most the " + std::to_string(progress.batches) +
                                         " of an epoch, got " + std::to_string(progress.batch)};
    }
};

/// Names of tensors in a checkpoint that are not the model's.
inline std::string memory_prefix(std::size_t k) { return "optimizer." + std::to_string(k) + '.'; }
inline constexpr const char *state_name = "state.0", *averaged_prefix = "averaged.", *kept_prefix = "best.";

/// A value of the metadata; null if there is none.
inline const std::string* find_value(const io::Metadata& metadata, std::string_view name) {
    const auto found = range::find(metadata, name, &io::Metadata::value_type::first);
    return found == metadata.end() ? nullptr : &found->second;
}
/// An error if the run's settings are not the trainer's.
inline Error settings_problem(const std::string& source, const char* what, const std::string& run,
                              const std::string& trainer) {
    if (run == trainer) return {};
    const auto named = [](const std::string& text) { return text.empty() ? std::string{"none"} : printable(text); };
    return {Error::Kind::mismatch,
            source + ": the run's " + what + ": " + named(run) + "; the trainer's: " + named(trainer)};
}
inline std::string text_of(const std::optional<MovingAverage>& average) {
    if (!average) return {};
    return "decay " + to_text(average->decay) + " from step " + std::to_string(average->start) +
           (average->warm_up ? ", warm-up" : "");
}

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
    if (!problem && run.average) problem = finite_problem(run.tensors, run.averaged.data(), source, {averaged_prefix});
    if (!problem && !run.kept.empty()) problem = finite_problem(run.tensors, run.kept.data(), source, {kept_prefix});
    return problem ? problem : state_problem(run.state, source);
}

template <class S>
[[gnu::cold]] void write(Checkpoint<S>& run, const std::filesystem::path& path, Error& error) {
    io::Metadata metadata = kinds_of(run.tensors);
    metadata.emplace_back("optimizer", run.optimizer);
    Numbers numbers{metadata};
    const auto write_number = [&](const char* name, auto value, NumberRange range) {
        numbers.write(name, value, range);
    };
    run.each_number(write_number);
    if (run.average) run.each_number_of_average(write_number);
    if (!run.groups.empty()) metadata.emplace_back("groups", run.groups);
    if (!run.dropout.empty()) metadata.emplace_back("dropout", run.dropout);
    if (!run.progress.monitor.empty()) metadata.emplace_back("monitor", run.progress.monitor);
    if (run.progress.largest) metadata.emplace_back("largest", "1");
    Error problem = numbers.error() ? numbers.error() : run.problem();
    if (problem) return void(error = {Error::Kind::argument, path.string() + ": " + problem.message});
    if ((problem = finite_problem(run, path.string()))) return void(error = std::move(problem));

    NamedTensors<S> named;
    named.add("model.", run.tensors, run.parameters.data());
    for (std::size_t k = 0; k < run.memory.size(); ++k) named.add(memory_prefix(k), run.tensors, run.memory[k].data());
    if (run.average) named.add(averaged_prefix, run.tensors, run.averaged.data());
    if (!run.kept.empty()) named.add(kept_prefix, run.tensors, run.kept.data());
    auto all = named.data();

    const std::vector<std::size_t> shape{run.state_size > 0 ? run.state.size() / run.state_size : 0, run.state_size};
    all.push_back({state_name, io::dtype_of<S>, shape, std::as_bytes(std::span{run.state})});
    const io::SafetensorsLimits limits = checkpoint_limits((3 + run.memory.size()) * run.size * sizeof(S));
    io::write_safetensors(path, all, metadata, limits, error);
}

template <class S>
[[gnu::cold]] Error read_state(const io::Safetensors& file, const std::string& source, std::size_t size,
                               std::vector<S>& values) {
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

inline Error of_rank_0(AnyCommunicator& ranks, io::Bytes& bytes) {
    double size = double(bytes.size());
    if (Error error = ranks.lead(std::span{&size, 1})) return error;
    if (ranks.rank() > 0) bytes = io::Bytes{std::size_t(size)};
    if (bytes.size() != std::size_t(size)) return ranks.tell({Error::Kind::memory, "out of memory"}, {});
    return ranks.broadcast({bytes.data(), bytes.size()});
}
/// Reads a checkpoint into `run`, whose tensors, optimizer, seed and number of shards it must match. Rank 0 reads the
/// file, and sends it to the others.
template <class S>
[[gnu::cold]] Error read(Checkpoint<S>& run, std::size_t memories, const std::filesystem::path& path,
                         const Ranks& ranks) {
    const std::string source = path.string();
    const io::SafetensorsLimits limits = checkpoint_limits((3 + memories) * run.size * sizeof(S));
    io::Bytes bytes;
    Error problem = ranks.first([&](Error& error) { bytes = io::read_file(path, limits.file, error); });
    if (!problem && ranks) problem = of_rank_0(ranks.communicator(), bytes);
    io::Safetensors file;
    if (!problem) file = io::Safetensors{bytes, limits, source, problem};
    if (problem) return problem;

    io::Metadata metadata = file.metadata();
    Numbers numbers{metadata};
    const std::uint64_t seed = run.seed;
    const int shards = run.shards;
    if (find_value(metadata, "threads") && !find_value(metadata, "shards"))
        return {Error::Kind::mismatch, source +
                                           ": the run's sums depend on its number of threads, as they did in Rondo "
                                           "before shards; expected a run with a number of shards"};
    const auto read_number = [&](const char* name, auto& value, NumberRange range) {
        numbers.read(name, value, range);
    };
    const std::optional<MovingAverage> average = run.average;
    run.average.reset();
    if (find_value(metadata, "average_decay")) run.average.emplace();
    run.each_number(read_number);
    if (run.average) run.each_number_of_average(read_number);
    problem = numbers.error() ? numbers.error() : run.problem();
    if (problem) return {problem.kind, source + ": " + problem.message};
    if (run.seed != seed || run.shards != shards)
        return {Error::Kind::mismatch, source + ": the run has seed " + std::to_string(run.seed) + " and " +
                                           std::to_string(run.shards) + " shards, the trainer seed " +
                                           std::to_string(seed) + " and " + std::to_string(shards) + " shards"};
    const std::string *rule = find_value(metadata, "optimizer"), *groups = find_value(metadata, "groups");
    if (!rule || *rule != run.optimizer)
        return {Error::Kind::mismatch, source + ": the run's optimizer is " + (rule ? printable(*rule) : "not told") +
                                           ", the trainer's " + run.optimizer};
    const std::string *dropout = find_value(metadata, "dropout"), *monitor = find_value(metadata, "monitor");
    run.progress.monitor = monitor ? *monitor : "";
    run.progress.largest = find_value(metadata, "largest") != nullptr;
    problem = settings_problem(source, "groups of parameters", groups ? *groups : "", run.groups);
    if (!problem) problem = settings_problem(source, "dropout", dropout ? *dropout : "", run.dropout);
    if (!problem) problem = settings_problem(source, "average of weights", text_of(run.average), text_of(average));
    if (problem) return problem;

    if ((problem = kinds_problem(run.tensors, file, source, {}))) return problem;
    run.parameters.resize(run.size);
    problem = read_tensors(run.tensors, file, source, {"model."}, run.parameters.data());
    run.memory.assign(memories, std::vector<S>(run.size));
    for (std::size_t k = 0; k < memories && !problem; ++k)
        problem = read_tensors(run.tensors, file, source, {memory_prefix(k)}, run.memory[k].data());
    const auto read_copy = [&](const char* prefix, std::vector<S>& to) {
        to.resize(run.size);
        if (!problem) problem = read_tensors(run.tensors, file, source, {prefix}, to.data());
    };
    const bool has_kept = range::any_of(file.tensors(), [](const io::TensorInfo& tensor) {
        return std::string_view{tensor.name}.starts_with(kept_prefix);
    });
    if (run.average) read_copy(averaged_prefix, run.averaged);
    if (has_kept) read_copy(kept_prefix, run.kept);
    if (!problem) problem = read_state(file, source, run.state_size, run.state);
    const std::size_t copies = 1 + memories + std::size_t(run.average.has_value()) + std::size_t(has_kept);
    const std::size_t expected = run.tensors.size() * copies + 1;
    if (!problem && file.tensors().size() != expected)
        problem = {Error::Kind::mismatch, source + ": expected " + std::to_string(expected) + " tensors, got " +
                                              std::to_string(file.tensors().size())};
    return problem;
}

} // namespace rondo::detail
