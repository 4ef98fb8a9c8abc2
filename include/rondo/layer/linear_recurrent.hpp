// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/linear_concept.hpp"
#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../graph/layer_layout.hpp"
#include "../graph/of_streams.hpp"
#include "../op/affine.hpp"
#include "../op/concatenate.hpp"
#include "../op/linear_scan.hpp"
#include "../op/states.hpp"
#include "dropout.hpp"
#include "linear_step_of_stream.hpp"
#include "resets.hpp"
#include "stack.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The tensors of a linear cell; `after` is appended to each name. Gates come first; a cell that reads the input has
/// one block more where its size is not Hidden.
template <class C, bool bias, int In, int Hidden>
struct LinearTensors {
    static constexpr int inputs = In;
    static constexpr bool projects_input = C::shape.input && In != Hidden;
    static constexpr int blocks = C::shape.gates + (projects_input ? 1 : 0), rows = blocks * Hidden,
                         per_unit = cell::unit_parameter_count<C>;
    static constexpr std::size_t first_per_unit = bias ? 2 : 1, count = first_per_unit + std::size_t(per_unit);

    static constexpr auto named(std::string_view after) {
        using Role = ParameterSpec::Role;
        std::array<ParameterSpec, count> all{};
        all[0] = ParameterSpec{.name = Label{}.add("weight_ih").add(after),
                               .rows = rows,
                               .columns = In,
                               .role = Role::input_weight,
                               .fan = In,
                               .gates = blocks};
        if constexpr (bias)
            all[1] = ParameterSpec{.name = Label{}.add("bias_ih").add(after),
                                   .rows = rows,
                                   .role = Role::bias,
                                   .fan = In,
                                   .gates = blocks,
                                   .rank = 1};
        for (int k = 0; k < per_unit; ++k) {
            const cell::UnitParameter& of = cell::unit_parameters<C>[std::size_t(k)];
            all[first_per_unit + std::size_t(k)] = ParameterSpec{.name = Label{}.add(of.name).add(after),
                                                                 .rows = Hidden,
                                                                 .role = Role::constant,
                                                                 .drawn = of.initial,
                                                                 .drawn_with = of.same < 0 ? 0 : k - of.same,
                                                                 .rank = 1};
        }
        return all;
    }
};
}

/// A recurrent layer of a cell that is linear in its state: stacked, forward, reversed or bidirectional, with sequences
/// of different lengths. There is no recurrent weight: the gates of all steps are one product, and the steps a scan.
/// Padding is not computed; its outputs and gradients are zero. A reversed layer starts at each sequence's last step.
///
/// Shapes  x (In x T B) -> y (D Hidden x T B), D directions; weight_ih (gates Hidden x In), bias_ih (gates Hidden);
///         states (layers D, B, Hidden). A cell that reads its input has Hidden rows more, last, which project it to
///         Hidden, if In is not Hidden. The output of a complex cell is (D 2 Hidden x T B): real parts, then
///         imaginary parts.
/// Memory  for training, pre-activations and states of all steps.
/// Source  for the scan: Blelloch, "Prefix sums and their applications" (1990), section 1.4.
template <class C, int In, int Hidden, Stack stack = Stack{}>
    requires LinearCell<C> && (In > 0) && (Hidden > 0) && (stack.valid())
struct LinearRecurrent {
    static_assert(stack.projection == 0, "rondo: Stack::projection is for LSTMs only");
    using cell_type = C;
    static constexpr int layers = stack.layers, directions = stack.directions();
    static constexpr bool reversed = stack.reversed, bias = stack.bias;
    static constexpr int components = C::shape.states;
    static constexpr int hidden_size = Hidden, h_size = Hidden;
    static constexpr int features = (C::shape.output ? 1 : components) * Hidden; // of an output in one direction
    static constexpr int input_size = In, output_size = directions * features;
    template <int layer>
    using Tensors = detail::LinearTensors<C, bias, (layer == 0 ? In : output_size), Hidden>; // of each direction
    static constexpr std::size_t cell_tensors = Tensors<0>::count;
    static constexpr std::size_t state_size =
        std::size_t(layers * directions) * std::size_t(components) * std::size_t(Hidden);
    static constexpr std::size_t layer_stream_size = std::size_t(components) * padded(std::size_t(Hidden));
    static constexpr std::size_t stream_size = std::size_t(layers * directions) * layer_stream_size;
    static constexpr std::uint32_t numbers = std::uint32_t(layers);

    static constexpr auto tensors = [] {
        std::array<ParameterSpec, std::size_t(layers * directions) * cell_tensors> all{};
        std::size_t k = 0;
        for (int layer = 0; layer < layers; ++layer)
            for (int direction = 0; direction < directions; ++direction) {
                const Label after = Label{"_l"}.add(layer).add(direction == 1 ? "_reverse" : "");
                for (const ParameterSpec& t :
                     layer == 0 ? Tensors<0>::named(after.view()) : Tensors<1>::named(after.view()))
                    all[k++] = t;
            }
        return assign_offsets(all);
    }();

    static constexpr Label describe(const char* name = "LinearRecurrent") {
        Label text = Label{name}.add(" ").add(In).add(stack.bidirectional ? " -> 2 x " : " -> ").add(features);
        if (layers > 1) text.add(", ").add(layers).add(" layers");
        if (stack.bidirectional) text.add(", bidirectional");
        if (stack.reversed) text.add(", reversed");
        if (!stack.bias) text.add(", no bias");
        if (stack.dropout.at_run_time()) text.add(", dropout of the trainer's rate");
        else if (stack.dropout.parts > 0)
            text.add(", dropout ").add(stack.dropout.parts).add("/").add(stack.dropout.of);
        return text;
    }

    // The backend's step kernels, for streams.
    template <class K, int layer>
    using kernel = detail::LinearStepOfStream<C, K, Tensors<layer>::inputs, Hidden, Tensors<layer>::projects_input>;
    template <class K>
        requires (stack.causal()) && requires { typename K::template linear<In, Hidden>; }
    static constexpr std::size_t packed_size =
        kernel<K, 0>::size + std::size_t(layers - 1) * (layers > 1 ? kernel<K, 1>::size : 0);
    template <class K>
    static void pack(const auto& tensor, std::byte* to) {
        kernel<K, 0>::template pack<bias>(tensor, to);
        if constexpr (layers > 1)
            for (int layer = 1; layer < layers; ++layer)
                kernel<K, 1>::template pack<bias>(
                    [&](std::size_t k) { return tensor(std::size_t(layer) * cell_tensors + k); },
                    to + kernel<K, 0>::size + std::size_t(layer - 1) * kernel<K, 1>::size);
    }

    template <class S> using StatesOf = States<S, Hidden, layers * directions, components>;

    /// From the run's persistent state, which it updates; from zero if the run has none.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x) {
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        if constexpr (Run::packed && detail::HasKernel<LinearRecurrent, typename Run::kernels>) {
            Scalar* state = run.persistent_state(x.extent.batch);
            if constexpr (!Run::carries_state) state = run.take_zeros(stream_size);
            return step<0, typename Run::kernels>(
                run, static_cast<SequenceView<const Scalar, In>>(x), [&](std::size_t) { return state; }, 1,
                run.weights());
        } else {
            const auto state = persistent_states<Scalar>(run, x.extent.batch);
            return from<0>(run, static_cast<SequenceView<const Scalar, In>>(x), state, state);
        }
    }
    template <class S, class Run>
        requires detail::HasKernel<LinearRecurrent, typename Run::kernels>
    static auto forward(OfStreams, Run& run, const SequenceView<S, In>& x) {
        using Scalar = std::remove_const_t<S>;
        const auto states = run.persistent_states(x.extent.batch);
        return step<0, typename Run::kernels>(
            run, static_cast<SequenceView<const Scalar, In>>(x),
            [&](std::size_t stream) { return states.of[stream] + states.offset; }, std::size_t(x.extent.batch),
            run.weights());
    }

    /// From the states `initial`, or from_zero. Returns the output at every step, and the final states.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, const StatesOf<std::remove_const_t<S>>& initial) {
        using Scalar = std::remove_const_t<S>;
        if (initial.batch != x.extent.batch)
            fail(Error::Kind::argument, "rondo: the input is of " + std::to_string(x.extent.batch) +
                                            " sequences, the first states are of " + std::to_string(initial.batch));
        StatesOf<Scalar> final{.batch = x.extent.batch};
        for (int k = 0; k < components; ++k) {
            final.value[k] = run.take(final.size(k));
            if (run.taped()) final.gradient[k] = run.take_zeros(final.size(k));
        }
        const auto y = from<0>(run, static_cast<SequenceView<const Scalar, In>>(x), initial, final);
        return Recurrence<std::remove_const_t<decltype(y)>, StatesOf<Scalar>>{y, final};
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, FromZero) {
        return forward(run, x, StatesOf<std::remove_const_t<S>>{.batch = x.extent.batch});
    }

    /// The same of sequences in which episodes begin: see Resets.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, const Resets& resets) {
        using Scalar = std::remove_const_t<S>;
        const auto state = persistent_states<Scalar>(run, x.extent.batch);
        return detail::forward_episodes<LinearRecurrent>(run, static_cast<SequenceView<const Scalar, In>>(x), state,
                                                         state, resets);
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, const StatesOf<std::remove_const_t<S>>& initial,
                        const Resets& resets) {
        using Scalar = std::remove_const_t<S>;
        return detail::forward_episodes<LinearRecurrent>(run, static_cast<SequenceView<const Scalar, In>>(x), initial,
                                                         resets);
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, FromZero, const Resets& resets) {
        return forward(run, x, StatesOf<std::remove_const_t<S>>{.batch = x.extent.batch}, resets);
    }

private:
    /// The run's persistent state; no memory if the run has none.
    template <class S>
    static StatesOf<S> persistent_states(auto& run, int batch) {
        S* from = run.persistent_state(batch);
        if (from && !stack.causal())
            fail(Error::Kind::argument,
                 "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot carry state on");
        StatesOf<S> states{.batch = batch};
        for (int k = 0; k < components && from; ++k) {
            states.value[k] = from;
            from += states.size(k);
        }
        return states;
    }

    template <int layer, class S>
    static auto from(auto& run, const SequenceView<const S, Tensors<layer>::inputs>& x, const StatesOf<S>& initial,
                     const StatesOf<S>& final) {
        static_assert(stack.causal() || !std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot be streamed "
                      "step by step");
        const auto ahead = scan<layer>(run, x, reversed, initial, final, layer * directions);
        if constexpr (directions == 1) {
            return next<layer>(run, ahead, initial, final);
        } else {
            const auto back = scan<layer>(run, x, true, initial, final, layer * directions + 1);
            return next<layer>(run, concatenate(run, ahead, back), initial, final);
        }
    }
    template <int layer, class S>
    static auto next(auto& run, const SequenceView<S, output_size>& y, const StatesOf<S>& initial,
                     const StatesOf<S>& final) {
        if constexpr (layer + 1 == layers) {
            return y;
        } else {
            constexpr Rate rate = stack.dropout; // a constexpr copy: clang 14 miscompiles the copy at run time
            const auto x = dropout(run, y, rate, run.draw(std::uint32_t(layer)));
            return from<layer + 1>(run, static_cast<SequenceView<const S, output_size>>(x), initial, final);
        }
    }

    template <int layer, class S>
    static SequenceView<S, features> scan(auto& run, const DynamicSequenceView<const std::type_identity_t<S>>& x,
                                          bool reverse, const StatesOf<S>& initial, const StatesOf<S>& final,
                                          int index) {
        using T = Tensors<layer>;
        run.check_extent(x.extent);
        const auto first = std::size_t(index) * cell_tensors;
        const std::size_t columns = x.columns();
        const bool taped = run.taped();
        S* const memory = run.take(std::size_t(T::rows) * columns);
        // Backward writes the gradient over the values, which the product's backward does not read.
        const DynamicSequenceView<S> pre{memory, taped ? memory : nullptr, x.extent, std::size_t(T::rows)};
        Parameter<S> b;
        if constexpr (bias) b = run.parameter(first + 1);
        run.execute(Affine<S>{x, pre, run.parameter(first), b});

        LinearScan<C, S> operation{x.extent, {}};
        LinearUnits<C, S>& all = operation.all;
        all.units = std::size_t(Hidden);
        all.batch = std::size_t(x.extent.batch);
        all.steps = x.extent.steps;
        all.reverse = reverse;
        all.pre = memory;
        all.pre_gradient = memory;
        all.pre_rows = std::size_t(T::rows);
        if constexpr (T::projects_input) {
            all.input = memory + C::shape.gates * Hidden;
            all.input_rows = std::size_t(T::rows);
            all.input_gradient = taped ? memory + C::shape.gates * Hidden : nullptr;
            all.owns_input = true;
        } else if constexpr (C::shape.input) {
            all.input = x.value;
            all.input_rows = x.rows;
            all.input_gradient = x.gradient;
        }
        if constexpr (T::per_unit > 0)
            for (int k = 0; k < T::per_unit; ++k)
                operation.per_unit[std::size_t(k)] = run.parameter(first + T::first_per_unit + std::size_t(k));
        if constexpr (C::shape.constants > 0)
            all.constants = operation.constant_values = run.take(std::size_t(C::shape.constants) * std::size_t(Hidden));
        for (int k = 0; k < components; ++k) {
            if (initial.value[k]) all.initial[k] = initial.value[k] + initial.at(k, index);
            if (initial.gradient[k]) operation.initial_gradient[k] = initial.gradient[k] + initial.at(k, index);
            if (final.gradient[k]) operation.final_gradient[k] = final.gradient[k] + final.at(k, index);
            if (final.value[k]) operation.final[k] = final.value[k] + final.at(k, index);
        }
        all.state = run.take(std::size_t(components) * std::size_t(Hidden) * columns);
        if constexpr (C::shape.output) all.output = run.take(std::size_t(Hidden) * columns);
        SequenceView<S, features> y{C::shape.output ? all.output : all.state, nullptr, x.extent};
        if (taped) {
            y.gradient = run.take_zeros(y.size());
            all.output_gradient = y.gradient;
        }
        run.execute(operation);
        return y;
    }

    /// One step of some streams, or several of them; state(stream) is where a stream's begins.
    template <int layer, class K, class S, class State>
    static SequenceView<S, features> step(auto& run, const SequenceView<const S, Tensors<layer>::inputs>& x,
                                          const State& state, std::size_t streams, const std::byte* weights) {
        using Kernel = kernel<K, layer>;
        const auto y = run.template make<features>(x.extent);
        S* const room = run.take(streams * Kernel::room);
        if constexpr (!std::remove_reference_t<decltype(run)>::dry())
            for (std::size_t first = 0; first < x.columns(); first += streams)
                Kernel::step(
                    weights, x.value + first * Tensors<layer>::inputs, streams,
                    [&](std::size_t stream) { return state(stream) + std::size_t(layer) * layer_stream_size; }, room,
                    y.value + first * std::size_t(features));
        if constexpr (layer + 1 == layers) return y;
        else
            return step<layer + 1, K, S>(run, static_cast<SequenceView<const S, features>>(y), state, streams,
                                         weights + kernel < K, layer == 0 ? 0 : 1 > ::size);
    }
};

} // namespace rondo
