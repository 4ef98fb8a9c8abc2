// SPDX-License-Identifier: MIT
#pragma once

#include "../train/fit.hpp"
#include "model.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo {

namespace detail {
/// Named numbers of a run, to and from a file's metadata, exactly.
class Numbers {
public:
    explicit Numbers(io::Metadata& metadata) : metadata_{&metadata} {}

    template <class T>
    void write(const char* name, T value) {
        char digits[64];
        metadata_->emplace_back(name, std::string{digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
    }
    /// Counts are at most half of what fits: a run may go on counting.
    template <class T>
    void read(const char* name, T& value) {
        constexpr bool is_count = std::is_integral_v<T> && std::is_signed_v<T>;
        for (const auto& [key, text] : *metadata_)
            if (key == name) {
                const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
                const bool fits = !is_count || (value >= 0 && value <= std::numeric_limits<T>::max() / 2);
                if (problem == std::errc{} && end == text.data() + text.size() && fits) return;
                const char* expected =
                    std::is_integral_v<T> ? ": expected a whole number from 0 on" : ": expected a number";
                if (!error_)
                    error_ = {Error::Kind::format,
                              std::string{"checkpoint: "} + name + expected + ", got \"" + text + "\""};
                return;
            }
        if (!error_) error_ = {Error::Kind::mismatch, std::string{"checkpoint: "} + name + " is missing"};
    }
    const Error& error() const { return error_; }

private:
    io::Metadata* metadata_;
    Error error_;
};

/// Every number of a run besides its tensors, each once: `visit(name, number)`.
template <class Visit>
void each_number(Progress& p, std::int64_t& steps, double& rate, std::uint64_t& seed, int& threads, Visit&& visit) {
    visit("steps", steps);
    visit("rate_factor", rate);
    visit("seed", seed);
    visit("threads", threads);
    visit("epoch", p.epoch);
    visit("batch", p.batch);
    visit("batches", p.batches);
    visit("loss_sum", p.loss.sum);
    visit("loss_terms", p.loss.terms);
    visit("best", p.best);
    visit("bad", p.bad);
    visit("plateau_best", p.plateau.best);
    visit("plateau_bad", p.plateau.bad);
    visit("plateau_rate", p.plateau.rate);
}

/// What a checkpoint calls an optimizer, if it says so.
template <class Rule>
std::string name_of() {
    if constexpr (requires { std::string_view{Rule::name}; }) return std::string{Rule::name};
    else return "optimizer";
}

template <class Net, Backend B>
Error read_state(const io::Safetensors& file, const std::string& source, int worker,
                 std::vector<BatchState<Net, B>>& states) {
    using S = typename B::scalar;
    const std::string name = "state." + std::to_string(worker);
    const io::TensorInfo* found = file.find(name);
    constexpr std::size_t size = BatchState<Net, B>::size_per_sequence, most = 1'000'000;
    if (!found) return {Error::Kind::mismatch, source + ": tensor " + name + " is missing"};
    if (found->dtype != io::dtype_of<S> || found->shape.size() != 2 || found->shape[1] != size ||
        found->shape[0] > most)
        return {Error::Kind::mismatch, source + ": tensor " + name + ": expected " + std::to_string(size) +
                                           " numbers for each of up to " + std::to_string(most) +
                                           " sequences, got " + io::detail::describe(found->dtype, found->shape)};
    std::vector<S> values(found->shape[0] * size);
    if (!values.empty()) std::memcpy(values.data(), file.bytes(*found).data(), values.size() * sizeof(S));
    if (!std::ranges::all_of(values, [](S value) { return std::isfinite(value); }))
        return {Error::Kind::not_finite, source + ": tensor " + name + " has a number that is not finite"};
    states.emplace_back(int(found->shape[0])).assign(values);
    return {};
}
}

/// Writes all that a training run needs to go on with the same bits: parameters, optimizer memory, carried states,
/// step, place in the epoch, seed. Beside the file, then renamed.
///
/// Errors  file: the path and the system's reason; what was there before is untouched.
template <class Net, class Loss, class Rule, Backend B>
void save_checkpoint(const Trainer<Net, Loss, Rule, B>& trainer, Progress progress, const std::filesystem::path& path,
                     Error& error) noexcept {
    using S = typename B::scalar;
    detail::NamedTensors<Net, S> tensors;
    const auto parameters = trainer.model().values();
    tensors.add("model.", parameters.data());
    std::vector<std::vector<S>> memory;
    for (const auto& buffer : trainer.optimizer_memory()) {
        memory.emplace_back(Model<Net, B>::size);
        B::download(memory.back().data(), B::data(buffer), Model<Net, B>::size);
    }
    for (std::size_t k = 0; k < memory.size(); ++k)
        tensors.add("optimizer." + std::to_string(k) + ".", memory[k].data());
    auto all = tensors.data();

    const auto workers = std::size_t(trainer.threads());
    std::vector<std::vector<S>> states(workers);
    std::vector<std::string> names(workers);
    std::vector<std::vector<std::size_t>> shapes(workers);
    for (std::size_t k = 0; k < workers; ++k) {
        const auto& state = trainer.state(int(k));
        states[k] = state.values();
        names[k] = "state." + std::to_string(k);
        shapes[k] = {std::size_t(state.batch()), BatchState<Net, B>::size_per_sequence};
        all.push_back({names[k], io::dtype_of<S>, shapes[k], std::as_bytes(std::span{states[k]})});
    }

    io::Metadata metadata{{"optimizer", detail::name_of<Rule>()}};
    detail::Numbers numbers{metadata};
    auto steps = trainer.steps();
    auto rate = trainer.rate_factor();
    auto seed = trainer.settings().seed.value;
    int threads = trainer.threads();
    detail::each_number(progress, steps, rate, seed, threads,
                        [&](const char* name, auto& value) { numbers.write(name, value); });
    io::write_safetensors(path, all, metadata, {}, error);
}
template <class Net, class Loss, class Rule, Backend B>
void save_checkpoint(const Trainer<Net, Loss, Rule, B>& trainer, const Progress& progress,
                     const std::filesystem::path& path) {
    Error error;
    save_checkpoint(trainer, progress, path, error);
    check(error);
}

/// Puts a trainer and its progress where save_checkpoint found them.
///
/// Errors  those of load; mismatch: another optimizer, seed or number of threads than the trainer's. Nothing is changed
///         then.
template <class Net, class Loss, class Rule, Backend B>
void load_checkpoint(Trainer<Net, Loss, Rule, B>& trainer, Progress& progress, const std::filesystem::path& path,
                     Error& error) noexcept {
    using S = typename B::scalar;
    Error problem;
    const io::SafetensorsFile file{path, detail::limits_of<Net, S>(1 + Rule::memories), problem};
    if (problem) return void(error = problem);

    io::Metadata metadata = file.metadata();
    detail::Numbers numbers{metadata};
    Progress place;
    std::int64_t steps = 0;
    double rate = 1;
    std::uint64_t seed = 0;
    int threads = 0;
    detail::each_number(place, steps, rate, seed, threads,
                        [&](const char* name, auto& value) { numbers.read(name, value); });
    if (numbers.error()) return void(error = {numbers.error().kind, path.string() + ": " + numbers.error().message});
    if (seed != trainer.settings().seed.value || threads != trainer.threads())
        return void(error = {Error::Kind::mismatch, path.string() + ": the run has seed " + std::to_string(seed) +
                                                        " and " + std::to_string(threads) +
                                                        " threads, the trainer seed " +
                                                        std::to_string(trainer.settings().seed.value) + " and " +
                                                        std::to_string(trainer.threads()) + " threads"});

    const auto rule = std::ranges::find(metadata, "optimizer", &io::Metadata::value_type::first);
    if (rule == metadata.end() || rule->second != detail::name_of<Rule>())
        return void(error = {Error::Kind::mismatch, path.string() + ": the run's optimizer is " +
                                                        (rule == metadata.end() ? "not told" : rule->second) +
                                                        ", the trainer's " + detail::name_of<Rule>()});

    auto parameters = trainer.model().values();
    problem = detail::read_tensors<Net>(file, path.string(), "model.", parameters.data());
    auto& memory = trainer.optimizer_memory();
    std::vector<std::vector<S>> moments(memory.size(), std::vector<S>(Model<Net, B>::size));
    for (std::size_t k = 0; k < memory.size() && !problem; ++k)
        problem =
            detail::read_tensors<Net>(file, path.string(), "optimizer." + std::to_string(k) + ".", moments[k].data());
    std::vector<BatchState<Net, B>> states;
    for (int k = 0; k < threads && !problem; ++k) problem = detail::read_state<Net>(file, path.string(), k, states);
    const std::size_t expected = Net::tensors.size() * (1 + memory.size()) + states.size();
    if (!problem && file.tensors().size() != expected)
        problem = {Error::Kind::mismatch, path.string() + ": expected " + std::to_string(expected) + " tensors, got " +
                                              std::to_string(file.tensors().size())};
    if (problem) return void(error = problem);

    trainer.model().assign(parameters);
    for (std::size_t k = 0; k < memory.size(); ++k) B::upload(memory[k], moments[k].data(), Model<Net, B>::size);
    for (int k = 0; k < threads; ++k) trainer.state(k) = std::move(states[std::size_t(k)]);
    trainer.steps(steps);
    trainer.rate_factor(rate);
    progress = place;
}
template <class Net, class Loss, class Rule, Backend B>
void load_checkpoint(Trainer<Net, Loss, Rule, B>& trainer, Progress& progress, const std::filesystem::path& path) {
    Error error;
    load_checkpoint(trainer, progress, path, error);
    check(error);
}

} // namespace rondo
