// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/gate_layout.hpp"
#include "../cell/variant.hpp"
#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../graph/forward_context.hpp"
#include "../graph/layer_layout.hpp"
#include "../graph/of_streams.hpp"
#include "../op/concatenate.hpp"
#include "../op/scan.hpp"
#include "../op/states.hpp"
#include "dropout.hpp"
#include "resets.hpp"
#include "stack.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The tensors of one cell, in PyTorch's order and with its names; `after` is appended to each name.
template <class C, bool bias = true, int projection = 0>
constexpr auto cell_tensors(int in, int hidden, std::string_view after) {
    using Role = ParameterSpec::Role;
    using Gates = GateLayout<C>;
    constexpr bool projected = projection > 0;
    const auto tensor = [&](std::string_view what, int blocks, int columns, Role role, int forget = -1) {
        return ParameterSpec{.name = Label{}.add(what).add(after),
                             .rows = blocks * hidden,
                             .columns = columns,
                             .role = role,
                             .fan = hidden,
                             .gates = blocks,
                             .forget = forget,
                             .after_reset = role == Role::recurrent_weight ? Gates::after_reset : 0,
                             .variant = role == Role::recurrent_weight ? cell::text_of_variant<C>.view() : "",
                             .rank = role == Role::bias ? 1 : 2};
    };
    std::array<ParameterSpec, Gates::tensors(bias, projected)> all{};
    all[Gates::W] = tensor("weight_ih", Gates::gates, in, Role::input_weight);
    all[Gates::U] = tensor("weight_hh", Gates::gates, projected ? projection : hidden, Role::recurrent_weight);
    if constexpr (bias) {
        all[Gates::b] = tensor("bias_ih", Gates::gates, 1, Role::bias, C::shape.forget);
        all[Gates::c] = tensor("bias_hh", Gates::gates, 1, Role::bias);
    }
    if constexpr (Gates::per_unit > 0)
        all[Gates::parameters(bias)] = tensor("weight_own", Gates::per_unit, 1, Role::bias);
    if constexpr (projected) {
        all[Gates::projection(bias)] = tensor("weight_hr", 1, hidden, Role::input_weight);
        all[Gates::projection(bias)].rows = projection;
    }
    return all;
}
template <class C, bool bias, bool projected, class Context>
auto cell_parameters(const Context& run, std::size_t first) {
    using Gates = GateLayout<C>;
    CellParameters<typename Context::scalar> p{
        run.parameter(first + Gates::W), run.parameter(first + Gates::U), {}, {}, {}, {}};
    if constexpr (bias) {
        p.input_bias = run.parameter(first + Gates::b);
        p.recurrent_bias = run.parameter(first + Gates::c);
    }
    if constexpr (Gates::per_unit > 0) p.per_unit = run.parameter(first + Gates::parameters(bias));
    if constexpr (projected) p.projection = run.parameter(first + Gates::projection(bias));
    return p;
}

// The backend's own recurrence of the cell if it has one, else Scan. P: units of h.
template <class C, int H, int P, class Run, class... Arguments>
auto make_scan(Run& run, const DynamicSequenceView<const typename Run::scalar>& x, const Arguments&... arguments) {
    run.check_extent(x.extent);
    using B = typename Run::backend_type;
    if constexpr (requires { typename B::template recurrence<C, (P < H)>; })
        return B::template recurrence<C, (P < H)>::make(run, H, P, x, arguments...);
    else return Scan<C, H, P, typename Run::scalar>::make(run, x, arguments...);
}
}

/// A recurrent layer of any cell: stacked, forward, reversed or bidirectional, with sequences of different lengths.
/// Padding is not computed; its outputs and gradients are zero. A reversed layer starts at each sequence's last step;
/// its final state is that after the first step.
///
/// Shapes  x (In x T B) -> y (D Hidden x T B), D directions; states (layers D, B, Hidden), as PyTorch's h_n (and c_n).
///         With a projection y and h have its units in place of Hidden.
/// Source  for bidirectional: Schuster & Paliwal, "Bidirectional recurrent neural networks" (1997), section II; for
///         projections: Sak, Senior & Beaufays, "Long short-term memory based recurrent neural network architectures
///         for large vocabulary speech recognition" (2014), arXiv:1402.1128, section 2.2.
template <class C, int In, int Hidden, Stack stack = Stack{}>
// sizes and layers >= 1, 0 <= rate < 1, not both bidirectional and reversed
    requires Cell<C> && (In > 0) && (Hidden > 0) && (stack.valid())
struct Recurrent {
    using cell_type = C;
    static constexpr int layers = stack.layers, directions = stack.directions();
    static constexpr bool reversed = stack.reversed, bias = stack.bias;
    static constexpr int projection = stack.projection;
    static_assert(projection == 0 || C::shape.projects,
                  "rondo: Stack::projection is for LSTMs only: the equations of other cells read h themselves");
    static_assert(projection >= 0 && projection < Hidden,
                  "rondo: Stack::projection: expected less than the hidden size; 0 for none");
    static constexpr std::size_t cell_tensors =
        GateLayout<C>::tensors(bias, projection > 0);                   // of a layer and direction
    static constexpr int h_size = projection > 0 ? projection : Hidden; // units of h; of c they are hidden_size
    static constexpr int input_size = In, hidden_size = Hidden, output_size = directions * h_size;
    static constexpr int components = C::shape.states;
    static constexpr std::size_t state_size =
        std::size_t(layers * directions) * std::size_t(h_size + (components - 1) * Hidden);
    static constexpr std::size_t layer_stream_size = padded(h_size) + std::size_t(components - 1) * padded(Hidden);
    static constexpr std::size_t stream_size = std::size_t(layers * directions) * layer_stream_size;
    static constexpr std::uint32_t numbers = std::uint32_t(layers);

    static constexpr auto tensors = [] {
        std::array<ParameterSpec, std::size_t(layers * directions) * cell_tensors> all{};
        std::size_t k = 0;
        for (int layer = 0; layer < layers; ++layer)
            for (int direction = 0; direction < directions; ++direction)
                for (const ParameterSpec& t : detail::cell_tensors<C, bias, projection>(
                         layer == 0 ? In : output_size, Hidden,
                         Label{"_l"}.add(layer).add(direction == 1 ? "_reverse" : "").view()))
                    all[k++] = t;
        return assign_offsets(all);
    }();

    static constexpr Label describe(const char* name = "Recurrent") {
        Label text = Label{name}.add(" ").add(In).add(stack.bidirectional ? " -> 2 x " : " -> ").add(h_size);
        if (layers > 1) text.add(", ").add(layers).add(" layers");
        if (stack.bidirectional) text.add(", bidirectional");
        if (stack.reversed) text.add(", reversed");
        if (!stack.bias) text.add(", no bias");
        if (projection > 0) text.add(", projected from ").add(Hidden);
        if (stack.dropout.at_run_time()) text.add(", dropout of the trainer's rate");
        else if (stack.dropout.parts > 0)
            text.add(", dropout ").add(stack.dropout.parts).add("/").add(stack.dropout.of);
        return text;
    }

    // The backend's step kernels, for streams.
    template <class K, int layer> using kernel = typename K::template cell<C, layer == 0 ? In : h_size, Hidden, h_size>;
    template <class K>
        requires (stack.causal()) && requires { typename kernel<K, 0>; }
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

    template <class S> using StatesOf = States<S, Hidden, layers * directions, components, h_size>;

    /// From the run's persistent state, which it updates; from zero if the run has none.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x) {
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        if constexpr (Run::packed && detail::HasKernel<Recurrent, typename Run::kernels>) {
            using K = typename Run::kernels;
            Scalar* persistent_state = run.persistent_state(x.extent.batch);
            if constexpr (!Run::carries_state) persistent_state = run.take_zeros(stream_size);
            if constexpr (Run::multiple_steps) {
                const auto y = run.template make<h_size>(x.extent);
                for (std::size_t t = 0; t < x.columns(); ++t) {
                    const auto h = step<0, K>(run, x.value + t * In, persistent_state, run.weights(), x.extent);
                    if constexpr (!Run::dry()) std::copy_n(h.value, h_size, y.value + t * h_size);
                }
                return y;
            } else {
                return step<0, K>(run, x.value, persistent_state, run.weights(), x.extent);
            }
        } else {
            const auto state = persistent_states<Scalar>(run, x.extent.batch);
            return from<0>(run, static_cast<SequenceView<const Scalar, In>>(x), state, state);
        }
    }

    template <class S, class Run>
        requires detail::HasKernel<Recurrent, typename Run::kernels>
    static auto forward(OfStreams, Run& run, const SequenceView<S, In>& x) {
        using K = typename Run::kernels;
        using Scalar = std::remove_const_t<S>;
        const Extent& e = x.extent;
        const auto states = run.persistent_states(e.batch);
        const auto y = run.template make<h_size>(e);
        Scalar* const after = run.take(std::size_t(e.batch) * K::template cell_of_streams<kernel<K, 0>>::after_size);
        if constexpr (!Run::dry()) {
            const auto streams = std::size_t(e.batch);
            for (std::size_t first = 0; first < x.columns(); first += streams) {
                step_of_streams<0, K>(run, {x.value + first * In, In}, states.of, states.offset, streams, run.weights(),
                                      after);
                const std::size_t last = states.offset + std::size_t(layers - 1) * layer_stream_size;
                for (std::size_t n = 0; n < streams; ++n)
                    std::copy_n(states.of[n] + last, h_size, y.value + (first + n) * h_size);
            }
        }
        return y;
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
        return detail::forward_episodes<Recurrent>(run, static_cast<SequenceView<const Scalar, In>>(x), state, state,
                                                   resets);
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, const StatesOf<std::remove_const_t<S>>& initial,
                        const Resets& resets) {
        using Scalar = std::remove_const_t<S>;
        return detail::forward_episodes<Recurrent>(run, static_cast<SequenceView<const Scalar, In>>(x), initial,
                                                   resets);
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, FromZero, const Resets& resets) {
        return forward(run, x, StatesOf<std::remove_const_t<S>>{.batch = x.extent.batch}, resets);
    }

    /// From zero. Returns the output and the gates at every step.
    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x, WithGates) {
        static_assert(requires { C::gate_names; }, "rondo: this cell has no gates to trace");
        using Scalar = std::remove_const_t<S>;
        using Gates = SequenceView<const Scalar, C::shape.saved * Hidden>;
        std::array<Gates, std::size_t(layers * directions)> gates{};
        const StatesOf<Scalar> zero{.batch = x.extent.batch};
        const auto y = from<0>(run, static_cast<SequenceView<const Scalar, In>>(x), zero, zero, gates.data());
        return Traced<std::remove_const_t<decltype(y)>, Gates, layers * directions>{y, gates};
    }

protected:
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
    struct NoTrace {};
    template <int layer, class S, int Width, class Trace = NoTrace>
    static auto from(auto& run, const SequenceView<const S, Width>& x, const StatesOf<S>& initial,
                     const StatesOf<S>& final, Trace trace = {}) {
        static_assert(stack.causal() || !std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot be streamed "
                      "step by step");
        const auto ahead = scan(run, x, reversed, initial, final, layer * directions, trace);
        if constexpr (reversed) {
            return next<layer>(run, padded_with_zeros(run, ahead), initial, final, trace);
        } else if constexpr (directions == 1) {
            return next<layer>(run, ahead, initial, final, trace);
        } else {
            const auto back = scan(run, x, true, initial, final, layer * directions + 1, trace);
            return next<layer>(run, concatenate(run, ahead, back), initial, final, trace);
        }
    }

private:
    template <int layer, class K, class S>
    static auto step(auto& run, const S* x, std::remove_const_t<S>* state, const std::byte* weights, const Extent& e) {
        if constexpr (!std::remove_reference_t<decltype(run)>::dry())
            kernel<K, layer == 0 ? 0 : 1>::step(weights, x, state, run.back());
        if constexpr (layer + 1 == layers) return SequenceView<std::remove_const_t<S>, h_size>{state, nullptr, e};
        else
            return step<layer + 1, K, S>(run, state, state + layer_stream_size, weights + kernel < K,
                                         layer == 0 ? 0 : 1 > ::size, e);
    }

    template <int layer, class K>
    static void step_of_streams(auto& run, typename K::const_columns x, typename K::scalar* const* states,
                                std::size_t offset, std::size_t streams, const std::byte* weights,
                                typename K::scalar* after) {
        using Kernel = kernel<K, layer == 0 ? 0 : 1>;
        K::template cell_of_streams<Kernel>::step(weights, x, states, offset, streams, after, run.back());
        if constexpr (layer + 1 < layers)
            step_of_streams<layer + 1, K>(run, {nullptr, offset, states}, states, offset + layer_stream_size, streams,
                                          weights + Kernel::size, after);
    }

    // In a reversed layer the output's first step of padding holds the initial state: copies with zeros there.
    template <class S>
    static SequenceView<S, h_size> padded_with_zeros(auto& run, const SequenceView<S, h_size>& y) {
        if (!y.extent.lengths) return y;
        const auto z = run.template make<h_size>(y.extent);
        run.execute(Concatenate<S>{y, {}, z});
        return z;
    }

    template <int layer, class S, class Trace>
    static auto next(auto& run, const SequenceView<S, output_size>& y, const StatesOf<S>& initial,
                     const StatesOf<S>& final, Trace trace) {
        if constexpr (layer + 1 == layers) {
            return y;
        } else {
            constexpr Rate rate = stack.dropout; // a constexpr copy: clang 14 miscompiles the copy at run time
            const auto x = dropout(run, y, rate, run.draw(std::uint32_t(layer)));
            return from<layer + 1>(run, static_cast<SequenceView<const S, output_size>>(x), initial, final, trace);
        }
    }

    template <class S, class Trace>
    static SequenceView<S, h_size> scan(auto& run, const DynamicSequenceView<const std::type_identity_t<S>>& x,
                                        bool reverse, const StatesOf<S>& initial, const StatesOf<S>& final, int index,
                                        Trace trace) {
        constexpr bool traced = !std::is_same_v<Trace, NoTrace>;
        const bool taped = run.taped();
        const auto first = std::size_t(index) * cell_tensors;
        Values<const S*, components> begin{};
        for (int k = 0; k < components; ++k)
            begin[k] = initial.value[k] ? initial.value[k] + initial.at(k, index) : nullptr;
        auto operation = detail::make_scan<C, Hidden, h_size>(
            run, x, reverse, taped || traced, detail::cell_parameters<C, bias, (projection > 0)>(run, first), begin);
        for (int k = 0; k < components; ++k) {
            if (initial.gradient[k]) operation.initial_gradient[k] = initial.gradient[k] + initial.at(k, index);
            if (final.gradient[k]) operation.final_gradient[k] = final.gradient[k] + final.at(k, index);
            if (final.value[k]) operation.final[k] = final.value[k] + final.at(k, index);
        }
        SequenceView<S, h_size> y{operation.output(), nullptr, x.extent};
        if (taped) y.gradient = operation.output_gradient = run.take_zeros(y.size());
        run.execute(operation);
        if constexpr (traced) trace[index] = {operation.trace(run), nullptr, x.extent};
        return y;
    }
};

} // namespace rondo
