// SPDX-License-Identifier: MIT
#pragma once

#include "../model/workspace.hpp"
#include "assign.hpp"
#include "../core/number_text.hpp"

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
using io::detail::short_text;

inline Error probe_problem(const io::Probe& probe, std::size_t input, const std::string& source) {
    const std::size_t most = std::size_t((std::numeric_limits<int>::max)());
    if (probe.input.empty() || probe.input.size() % input != 0 || probe.input.size() / input > most)
        return {Error::Kind::mismatch, source + ": the probe: expected " + std::to_string(input) +
                                           " numbers of input a step, got " + std::to_string(probe.input.size())};
    return {};
}

/// Names the output that is furthest from what the probe expects.
template <class S>
Error compare(const io::Probe& probe, std::span<const S> output, std::size_t rows, const std::string& source) {
    if (output.size() != probe.output.size())
        return {Error::Kind::mismatch, source + ": the probe: expected " + std::to_string(probe.output.size()) +
                                           " numbers of output, got " + std::to_string(output.size())};
    std::size_t worst = 0;
    double most = 0;
    for (std::size_t n = 0; n < output.size(); ++n) {
        const double apart = std::abs(double(output[n]) - probe.output[n]);
        if (!(apart <= most)) most = apart, worst = n; // NaN is furthest
        if (std::isnan(most)) break;
    }
    if (most <= probe.tolerance) return {};
    return {Error::Kind::mismatch, source + ": the probe: step " + std::to_string(worst / rows) + ", output " +
                                       std::to_string(worst % rows) + ": expected " +
                                       short_text(probe.output[worst]) + ", got " + short_text(output[worst]) +
                                       ": apart by " + short_text(most) + ", allowed are " +
                                       short_text(probe.tolerance)};
}

/// Whether a run may carry the network's state: one that reads a sequence from its end may not.
template <class Net>
constexpr bool carries_state = [] {
    for (const NetworkLayer& layer : network_layers<Net>)
        if (layer.facts.directions == 2 || layer.facts.reversed) return false;
    return true;
}();

/// What the model makes of the probe's input, from the first state on.
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

/// Loads into a model of its own, which is checked and then handed over.
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

/// Gives a model what a file of another program says, if it then makes of the probe's input the probe's output:
/// `load(model, weights, *weights.probe)` where the file has one, or an io::Probe of one's own. Runs the network.
///
/// Errors  those of load without a probe; mismatch: an output that is further off than the probe's tolerance, the worst
///         one named; a probe that does not fit the network. The model is then as it was.
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

/// The same, with the state that the file says a sequence starts from, and the probe does, too.
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
