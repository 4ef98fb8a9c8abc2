// SPDX-License-Identifier: MIT
#pragma once

#include "../graph/streams_context.hpp"
#include "stream.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// A network's forward for one step of several streams.
template <class Net, Backend B, class W>
struct StepOfStreams {
    using One = Stream<Net, B, W>;
    template <bool dry = false>
    static auto call(StepMemory<B>& memory, const typename One::input* x) {
        using Step = StreamsContext<B, typename One::kernels, dry, (One::stride > 1)>;
        LayerContext<Net, Step> scope{Step{memory}, nullptr, {}};
        return forward_layer<Net>(
            scope, SequenceView<const typename One::input, One::input_size>{x, nullptr, {One::stride, memory.streams}});
    }
    /// The sizes of the step's values, and of the backend's blocks.
    static std::pair<std::size_t, std::size_t> needed(int streams) {
        std::array<LayerUse, numbers<Net>> uses{};
        StepMemory<B> memory{.streams = streams, .uses = uses.data()};
        memory.persistent_state = memory.values.take(0);
        memory.packed = reinterpret_cast<const std::byte*>(memory.values.take(0));
        (check)(step_result_problem(call<true>(memory, nullptr).extent));
        return {memory.values_size, memory.product_size};
    }
};
}

/// Many sequences, each with a state of its own, through a network with the same weights. A step computes those that
/// have input together, and reads the weights once for a group of them; each result has the bits of a Stream's.
///
///   Streams streams{weights, 1000};
///   const auto session = streams.join();
///   if (!streams.step(std::array{session, other}, inputs, outputs)) stop();
///   streams.leave(session);
///
/// Shapes  a step's inputs are those of each sequence in turn, inputs_size numbers or tokens, in the order of the
///         handles; so are the results, output_size numbers.
/// Errors  a network that a Stream refuses, and one whose layers exchange more than values, are refused by the compiler
///         or the constructor. A handle of a sequence that has left is never one of another sequence: functions return
///         false, a null pointer or an empty handle, and change nothing. As in a Stream, a token outside the vocabulary
///         is undefined behaviour.
/// Memory  `capacity` states and the values of a group's step, allocated by the constructor, which may throw. Nothing
///         else allocates, throws or locks. Movable; handles stay valid. One thread at a time may use an object; any
///         number of objects share the weights.
template <class Net, Backend B = EigenBackend<float>, class W = typename B::scalar>
    requires requires { typename B::template kernels<W>; }
class Streams {
    using One = Stream<Net, B, W>;
    using Step = detail::StepOfStreams<Net, B, W>;
    struct Slot {
        std::uint64_t id = 0, step = 0; // of the sequence, 0 if there is none; of the last call of step
    };

public:
    using scalar = typename One::scalar;
    using kernels = typename One::kernels;
    using input = typename One::input;
    using state_type = State<Net, scalar>;
    static constexpr int stride = One::stride;
    static constexpr std::size_t inputs_size = One::inputs_size;
    static constexpr auto output_size =
        std::size_t(decltype(Step::call(std::declval<StepMemory<B>&>(), std::declval<const input*>()))::rows);
    /// The sequences of a group: while the weights are read once for all of them, their values are in L1.
    static constexpr std::size_t group = 32;

    /// Denotes a sequence, or none if it is default-constructed. Handles of one object are not those of another,
    /// and must not be used after its destruction.
    class Handle {
    public:
        bool operator==(const Handle&) const = default;
        explicit operator bool() const noexcept { return id_ != 0; }

    private:
        friend Streams;
        Handle(const Slot& slot) : slot_{&slot}, id_{slot.id} {}
        const Slot* slot_ = nullptr;
        std::uint64_t id_ = 0;

    public:
        Handle() = default;
    };

    Streams(const Packed<Net, B, W>& weights, std::size_t capacity)
        : weights_{&weights}, states_(capacity), slots_(capacity), free_(capacity) {
        const int most = int((std::min)(group, (std::max)(capacity, std::size_t(1))));
        const auto [values, blocks] = Step::needed(most);
        values_.resize(values);
        inputs_.resize(padded(std::size_t(most) * inputs_size));
        backend_.reserve(blocks);
        for (std::size_t k = 0; k < capacity; ++k) free_[k] = capacity - 1 - k;
    }
    Streams(Packed<Net, B, W>&&, std::size_t) = delete; // the weights must outlive this
    Streams(const Streams&) = delete;                   // handles denote sequences of one object
    Streams(Streams&&) noexcept = default;
    Streams& operator=(const Streams&) = delete;
    Streams& operator=(Streams&&) noexcept = default;

    std::size_t capacity() const noexcept { return slots_.size(); }
    /// The sequences that have joined and not left.
    std::size_t size() const noexcept { return capacity() - free_.size(); }

    /// A new sequence, from zero or from a rest state; an empty handle if `capacity` sequences are there.
    Handle join(const state_type& rest = {}) noexcept {
        if (free_.empty()) return {};
        const std::size_t at = free_.back();
        free_.pop_back();
        states_[at] = rest;
        slots_[at].id = ++joined_;
        return slots_[at];
    }
    /// Ends a sequence. False if it has left.
    bool leave(Handle of) noexcept {
        if (!holds(of)) return false;
        const std::size_t at = index(of);
        slots_[at].id = 0;
        free_.push_back(at); // of its capacity
        return true;
    }
    /// Whether the sequence has joined this object and not left.
    bool holds(Handle of) const noexcept {
        const Slot *const first = slots_.data(), *const last = first + slots_.size();
        return of && !std::less<>{}(of.slot_, first) && std::less<>{}(of.slot_, last) && of.slot_->id == of.id_;
    }

    /// The state of a sequence; null if it has left.
    const state_type* state(Handle of) const noexcept { return holds(of) ? &states_[index(of)] : nullptr; }
    /// Continues a sequence from a state. False if it has left.
    bool state(Handle of, const state_type& state) noexcept {
        if (!holds(of)) return false;
        states_[index(of)] = state;
        return true;
    }
    /// Restarts a sequence from zero, or from a rest state. False if it has left.
    bool reset(Handle of, const state_type& rest = {}) noexcept { return state(of, rest); }

    /// Computes one step of each of these sequences. `in` and `out` do not overlap.
    ///
    /// Errors  false, and nothing changes, if one of them has left or is given twice, or if `in` or `out` has not the
    ///         numbers of so many sequences.
    [[nodiscard]] bool step(std::span<const Handle> of, std::span<const input> in, std::span<scalar> out) noexcept {
        if (in.size() != of.size() * inputs_size || out.size() != of.size() * output_size) return false;
        ++steps_;
        for (const Handle& handle : of) {
            if (!holds(handle)) return false;
            if (std::exchange(slots_[index(handle)].step, steps_) == steps_) return false;
        }
        const std::size_t groups = (of.size() + group - 1) / group; // of even sizes
        for (std::size_t k = 0, first = 0; k < groups; ++k) {
            const std::size_t count = of.size() / groups + (k < of.size() % groups ? 1 : 0);
            run(of.subspan(first, count), in.data() + first * inputs_size, out.data() + first * output_size);
            first += count;
        }
        return true;
    }

private:
    std::size_t index(Handle of) const noexcept { return std::size_t(of.slot_ - slots_.data()); }

    void run(std::span<const Handle> of, const input* in, scalar* out) noexcept {
        back_ = !back_;
        std::array<scalar*, group> states{};
        for (std::size_t n = 0; n < of.size(); ++n) states[n] = states_[index(of[n])].numbers().data();
        StepMemory<B> memory{.backend = &backend_,
                             .values = {values_.data(), values_.size()},
                             .states = states.data(),
                             .streams = int(of.size()),
                             .packed = weights_->data(),
                             .back = back_};
        copy_inputs(in, of.size());
        const auto y = Step::call(memory, inputs_.data());
        std::copy_n(y.value, of.size() * output_size, out);
    }
    // A batch's columns: the first input step of each sequence, then the second.
    void copy_inputs(const input* in, std::size_t streams) noexcept {
        constexpr auto size = std::size_t(One::input_size);
        for (std::size_t n = 0; n < streams; ++n)
            for (std::size_t t = 0; t < std::size_t(stride); ++t, in += size) {
                input* const to = inputs_.data() + (t * streams + n) * size;
                if constexpr (One::reads_tokens) std::copy_n(in, size, to);
                else
                    for (std::size_t k = 0; k < size; ++k)
                        to[k] = (in[k] + scalar(1e-20)) - scalar(1e-20); // without denormals, as in a Stream
            }
    }

    const Packed<Net, B, W>* weights_;
    std::vector<state_type, AlignedAllocator<state_type>> states_;
    std::vector<Slot> slots_;
    std::vector<std::size_t> free_; // slots without a sequence
    std::uint64_t joined_ = 0, steps_ = 0;
    Buffer<scalar> values_; // of one step of a group
    Buffer<input> inputs_;
    [[no_unique_address]] B backend_;
    bool back_ = true;
};
template <class Net, Backend B, class W>
Streams(const Packed<Net, B, W>&, std::size_t) -> Streams<Net, B, W>;

} // namespace rondo
