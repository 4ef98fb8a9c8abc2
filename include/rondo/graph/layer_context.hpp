// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "forward_context.hpp"
#include "layer_layout.hpp"
#include "layer_name.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline Error carry_problem(int batch, int persistent_batch, bool again) {
    if (batch != persistent_batch)
        return {Error::Kind::argument, "rondo: the input is of " + std::to_string(batch) + " sequences, the state of " +
                                           std::to_string(persistent_batch)};
    if (again)
        return {Error::Kind::argument, "rondo: a recurrent layer is called twice in a run that carries its state; give "
                                       "the calls their first states"};
    return {};
}
}

namespace detail {
template <class Layer>
auto forward_layer(auto& run, const auto&... values) {
    using Run = std::remove_reference_t<decltype(run)>;
    if constexpr (requires { typename Run::one_stream; }) return Run::template forward_layer<Layer>(run, values...);
    else return Layer::forward(run, values...);
}
}

template <Backend B> struct StepMemory;

// Instantiated where a value is passed to a layer that it does not fit: compilers print this name, and with it both
// sizes.
template <int features>
struct Features {
    template <class Layer, int input_size>
    struct FeedInputOf {
        static_assert(features == input_size,
                      "rondo: a value's features are not the input size of the layer it is given to");
    };
};
namespace detail {
template <class Value>
struct NumbersOfA {
    template <class Scalar>
    struct GivenToBackendOf {
        static_assert(std::is_same_v<typename Value::value_type, Scalar>,
                      "rondo: a value's numbers are not of the backend's type");
    };
    template <class Layer>
    struct GivenToLayerOfTokens {
        static_assert(std::is_same_v<typename Value::value_type, int>,
                      "rondo: the layer reads tokens, but the value has numbers");
    };
};
template <class Value, class Scalar>
constexpr bool numbers_fit = [] {
    if constexpr (requires { typename Value::value_type; })
        return std::is_same_v<typename Value::value_type, Scalar> || std::is_same_v<typename Value::value_type, int>;
    else return true;
}();
template <class Value, class Layer>
constexpr bool tokens_fit = [] {
    if constexpr (requires {
                      typename Value::value_type;
                      requires Layer::vocabulary > 0 &&
                                       Layer::input_size == 1; // its input is tokens, unlike a decoder's
                  })
        return std::is_same_v<typename Value::value_type, int>;
    else return true;
}();
template <class Value, class Layer>
constexpr bool features_fit = [] {
    if constexpr (requires {
                      Layer::input_size;
                      Value::rows;
                  })
        return int(Value::rows) == int(Layer::input_size);
    else return true;
}();
}

/// A run in which each sequence is whole: layers begin at its start, may read to its end, and keep no state.
template <class R>
class FrameContext : public R {
public:
    static constexpr bool stepwise = false, multiple_steps = true, carries_state = false;
    explicit FrameContext(const R& run) : R{run} {}
    template <class K>
    auto with() const {
        return FrameContext<decltype(R::template with<K>())>{R::template with<K>()};
    }
};

/// A run as passed to one layer: it gives access to the layer's parameters, state, random numbers and sublayers.
template <class Layer, class R>
class LayerContext : public R {
public:
    using scalar = typename R::scalar;

    LayerContext(const R& run, const std::size_t* offsets, LayerPosition place, std::size_t packed_at = 0)
        : R{run}, offsets_{offsets}, position_{place}, packed_{packed_at} {}

    /// Runs the sublayer of this name: `auto y = run(layer<"lstm">, x)`.
    template <std::derived_from<AnyLayerName> Name, class... Values>
    auto operator()(Name, const Values&... values) {
        return at<Name::template index_in<Layer>>(values...);
    }

    /// Runs the k-th sublayer.
    template <std::size_t k, class First, class... Rest>
    auto at(const First& first, const Rest&... rest) {
        if constexpr (requires { first.extent; }) {
            if (this->checks()) this->check_extent(first.extent);
            this->note_lengths(first.extent);
        }
        using Child = typename Layer::template layer_at<k>;
        if constexpr (!detail::numbers_fit<First, scalar>) {
            static_cast<void>(sizeof(typename detail::NumbersOfA<First>::template GivenToBackendOf<scalar>));
            return this->template make<Child::output_size>(first.extent); // so that no other error follows
        } else if constexpr (!detail::tokens_fit<First, Child>) {
            static_cast<void>(sizeof(typename detail::NumbersOfA<First>::template GivenToLayerOfTokens<Child>));
            return this->template make<Child::output_size>(first.extent);
        } else if constexpr (!detail::features_fit<First, Child>) {
            static_cast<void>(sizeof(typename Features<First::rows>::template FeedInputOf<Child, Child::input_size>));
            return this->template make<Child::output_size>(first.extent);
        } else {
            static_assert(
                !detail::folded<Layer, k, typename R::kernels>,
                "rondo: this layer is a part of the packed weights of the one before it; a Sequential runs both");
            constexpr LayerPosition inside = Layer::positions[k];
            using Kernels = detail::LayerKernels<Layer, k, typename R::kernels>;
            const auto run = [this]() -> decltype(auto) {
                if constexpr (std::is_same_v<Kernels, typename R::kernels>) return static_cast<const R&>(*this);
                else return this->template with<Kernels>();
            };
            using Run = std::remove_cvref_t<decltype(run())>;
            LayerContext<Child, Run> scope{run(),
                                           offsets_,
                                           {position_.tensor + inside.tensor, position_.state + inside.state,
                                            position_.number + inside.number, position_.stream + inside.stream},
                                           packed_ + detail::packed_before<Layer, k, typename R::kernels>};
            return detail::forward_layer<Child>(scope, first, rest...);
        }
    }

    /// The k-th tensor of this layer.
    Parameter<scalar> parameter(std::size_t k) const {
        if constexpr (R::packed) {
            static_assert(!detail::HasKernel<Layer, typename R::kernels>,
                          "rondo: a recurrent layer of a stream goes on from its own state; it takes no other");
            return {reinterpret_cast<const scalar*>(weights()) + Layer::tensors[k].offset, 0};
        } else {
            const std::size_t offset = offsets_[position_.tensor + k];
            if (this->taped()) this->memory_->program->fetch(offset);
            return {this->memory_->parameters + offset, offset};
        }
    }
    /// Notes that columns of the values to come are not those of the batch's sequences.
    void separate_columns() const { this->memory_->program->separate(); }
    /// The same layer's run, for sequences that are whole.
    auto framed() const {
        if constexpr (!R::packed) this->memory_->program->separate();
        return LayerContext<Layer, FrameContext<R>>{FrameContext<R>{*this}, offsets_, position_, packed_};
    }
    /// This layer's packed weights.
    const std::byte* weights() const { return this->memory_->packed + packed_; }
    /// Whether this step reads large weights in reverse: see CellStep::step.
    bool back() const { return this->memory_->back; }

    /// This layer's persistent state for `batch` sequences; null if sequences start from zero.
    ///
    /// Errors  a state of another batch size; a second call of the layer in one run, whose initial state would be
    ///         ambiguous.
    scalar* persistent_state(int batch) const {
        if constexpr (!R::carries_state) return nullptr;
        if (!this->memory_->persistent_state) return nullptr;
        if (this->checks()) { // a stream checks once, when it is constructed
            const int persistent_batch = [&] {
                if constexpr (R::packed) return 1;
                else return this->memory_->persistent_batch;
            }();
            (check)(detail::carry_problem(batch, persistent_batch,
                                          std::exchange(this->memory_->uses[position_.number].persistent_state, true)));
        }
        return this->memory_->persistent_state + (R::packed ? position_.stream : position_.state * std::size_t(batch));
    }

    /// In a step of several streams: the persistent states of the layer, where stream n's is at of[n] + offset.
    ///
    /// Errors  those of persistent_state.
    auto persistent_states(int batch) const {
        struct {
            scalar* const* of;
            std::size_t offset;
        } states{this->memory_->states, position_.stream};
        if (this->checks())
            (check)(detail::carry_problem(batch, this->memory_->streams,
                                          std::exchange(this->memory_->uses[position_.number].persistent_state, true)));
        return states;
    }
    /// The same layer's run for one of several streams.
    auto alone(StepMemory<typename R::backend_type>& memory, int stream) const {
        using One = typename R::one_stream;
        if (memory.states) memory.persistent_state = memory.states[stream];
        return LayerContext<Layer, One>{One{memory}, offsets_, position_, packed_};
    }

    /// The random stream of this layer's n-th dropout; every call returns a different one.
    StepRandomStream draw(std::uint32_t n = 0) const {
        if constexpr (R::packed) {
            return RandomStream{Seed{}, Purpose::dropout};
        } else {
            const std::uint32_t number = position_.number + n, call = this->memory_->uses[number].draws++,
                                stream = number + (call << 16);
            const Randomness& from = this->memory_->randomness;
            if (from.step_at) return {from.seed, Purpose::dropout, from.step_at, stream};
            return RandomStream{from.seed, Purpose::dropout, from.step, stream};
        }
    }

private:
    const std::size_t* offsets_;
    LayerPosition position_;
    std::size_t packed_;
};

} // namespace rondo
