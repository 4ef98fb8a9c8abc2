// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../model/workspace.hpp"
#include "assign.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline Error probe_problem(const io::Probe& probe, std::size_t input, const std::string& source) {
    const std::size_t most = std::size_t((std::numeric_limits<int>::max)());
    if (probe.input.empty() || probe.input.size() % input != 0 || probe.input.size() / input > most)
        return {Error::Kind::mismatch, source + ": the probe: expected " + std::to_string(input) +
                                           " numbers of input a step, got " + std::to_string(probe.input.size())};
    return {};
}

/// An error that names the output with the largest difference from the probe, if it exceeds the tolerance.
template <class S>
Error compare(const io::Probe& probe, std::span<const S> output, std::size_t rows, const std::string& source) {
    if (output.size() != probe.output.size())
        return {Error::Kind::mismatch, source + ": the probe: expected " + std::to_string(probe.output.size()) +
                                           " numbers of output, got " + std::to_string(output.size())};
    std::size_t worst = 0;
    double most = 0;
    for (std::size_t n = 0; n < output.size(); ++n) {
        const double apart = std::abs(double(output[n]) - probe.output[n]);
        if (!(apart <= most)) most = apart, worst = n; // NaN counts as the largest
        if (std::isnan(most)) break;
    }
    if (most <= probe.tolerance) return {};
    return {Error::Kind::mismatch, source + ": the probe: step " + std::to_string(worst / rows) + ", output " +
                                       std::to_string(worst % rows) + ": expected " + short_text(probe.output[worst]) +
                                       ", got " + short_text(output[worst]) + ": apart by " + short_text(most) +
                                       ", allowed are " + short_text(probe.tolerance)};
}

/// Whether the network can have a persistent state: it cannot if a layer reads sequences from their end.
template <class Net>
constexpr bool carries_state = [] {
    for (const NetworkLayer& layer : network_layers<Net>)
        if (layer.facts.directions == 2 || layer.facts.reversed) return false;
    return true;
}();

/// Runs the model on the probe's input, beginning with the initial state, and compares the output.
template <class Net, Backend B>
Error check_probe(const Model<Net, B>& model, BatchState<Net, B>& first, const io::Probe& probe,
                  const std::string& source) {
    using S = typename B::scalar;
    constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };
    using Input = std::conditional_t<reads_tokens, int, S>;
    constexpr std::size_t in = std::size_t(Net::input_size), out = std::size_t(Net::output_size);
    if (Error problem = probe_problem(probe, in, source)) return problem;
    std::vector<Input> input(probe.input.size());
    for (std::size_t n = 0; n < input.size(); ++n) {
        if constexpr (reads_tokens)
            if (!(probe.input[n] >= 0 && probe.input[n] < Net::vocabulary))
                return {Error::Kind::mismatch, source + ": the probe: token " + short_text(probe.input[n]) +
                                                   " is not from 0 to " + std::to_string(Net::vocabulary - 1)};
        input[n] = Input(probe.input[n]);
    }
    Workspace<Net, B> work;
    const SequenceView<const Input, Net::input_size> x{input.data(), nullptr, {int(input.size() / in), 1}};
    const auto y = [&] {
        if constexpr (carries_state<Net>) return work.forward(model, first, x);
        else return work.forward(model, x);
    }();
    std::vector<S> output(y.size());
    B::download(output.data(), y.value, output.size());
    return compare<S>(probe, output, out, source);
}

/// Loads a temporary model, checks it and moves it to the caller's.
template <class Net, Backend B>
Error load_probed(Model<Net, B>& model, const io::ModelWeights& weights, const io::Probe& probe) {
    Error problem;
    Model<Net, B> loaded;
    BatchState<Net, B> first;
    load(loaded, first, weights, problem);
    if (!problem && !carries_state<Net>) problem = first_left_over(weights);
    if (!problem) problem = check_probe(loaded, first, probe, weights.source);
    if (!problem) model = std::move(loaded);
    return problem;
}
}

/// Loads the weights of a file of another program into a model, provided that the network then computes the probe's
/// output from the probe's input: `load(model, weights, *weights.probe)` if the file has a probe, or any other
/// io::Probe.
///
/// Errors  those of load without a probe; mismatch: an output that differs by more than the probe's tolerance, the one
///         with the largest difference; a probe that does not fit the network. The model is unchanged then.
template <class Net, Backend B>
void load(Model<Net, B>& model, const io::ModelWeights& weights, const io::Probe& probe, Error& error) noexcept {
    no_throw(error, [&] {
        Error problem = detail::first_left_over(weights);
        if (!problem) problem = detail::load_probed(model, weights, probe);
        if (problem) error = std::move(problem);
    });
}
template <class Net, Backend B>
void load(Model<Net, B>& model, const io::ModelWeights& weights, const io::Probe& probe) {
    or_fail([&](Error& error) { load(model, weights, probe, error); });
}

/// The same, and returns the initial state in the file, with which the probe begins, in `first`.
template <class Net, Backend B>
void load(Model<Net, B>& model, State<Net, typename B::scalar>& first, const io::ModelWeights& weights,
          const io::Probe& probe, Error& error) noexcept {
    no_throw(error, [&] {
        Model<Net, B> loaded;
        State<Net, typename B::scalar> state;
        Error problem = detail::load_probed(loaded, weights, probe);
        if (!problem) load(loaded, state, weights, problem);
        if (problem) return void(error = std::move(problem));
        model = std::move(loaded);
        first = state;
    });
}
template <class Net, Backend B>
void load(Model<Net, B>& model, State<Net, typename B::scalar>& first, const io::ModelWeights& weights,
          const io::Probe& probe) {
    or_fail([&](Error& error) { load(model, first, weights, probe, error); });
}

} // namespace rondo
