// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/measuring.hpp"
#include "../core/memory.hpp"
#include "../core/random.hpp"
#include "../core/view.hpp"
#include "tape.hpp"

#include <cstdint>
#include <type_traits>

namespace rondo {

/// What a forward runs for: to be followed by its backward, for its result alone, or one step at a time.
enum class Mode { training, inference, streaming };

/// Where a run's random numbers come from, and whether it has any: dropout is off unless `dropout` says so.
struct Randomness {
    Seed seed;
    std::uint64_t step = 0;
    bool dropout = false;
    bool operator==(const Randomness&) const = default;
};

template <Backend B, Mode run_mode> class Run;

namespace detail {
template <class B> struct IsMeasuring : std::false_type {};
template <class B> struct IsMeasuring<Measuring<B>> : std::true_type {};
template <class B, Mode mode>
using TapeOf = std::conditional_t<IsMeasuring<B>::value, MeasuringTape<Run<B, mode>>, Tape<Run<B, mode>>>;
}

/// Everything a run works with; all of it belongs to somebody else.
template <Backend B, Mode mode>
struct RunMemory {
    B* backend = nullptr;
    Arena<typename B::scalar>* arena = nullptr;
    detail::TapeOf<B, mode>* tape = nullptr;
    const typename B::scalar* parameters = nullptr;
    typename B::scalar* gradient = nullptr; // null: no parameter wants one
    typename B::scalar* carried = nullptr;  // states that outlive the run; null: every sequence starts from zero
    Randomness randomness;
    int carried_batch = 0;
};

/// One execution of a network's forward: gives operations their memory and backend, and records what they did.
template <Backend B, Mode run_mode>
class Run {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    static constexpr Mode mode = run_mode;
    static constexpr bool taped = mode == Mode::training;

    explicit Run(const RunMemory<B, mode>& memory) : memory_{&memory} {}

    /// The run itself, without the layer that a scope adds: what large operations are compiled for.
    Run& base() { return *this; }

    B& backend() const { return *memory_->backend; }
    scalar* take(std::size_t count) const { return memory_->arena->take(count); }

    /// A sequence of the run's own, its values not yet written. In training its slope begins at zero.
    template <int Rows>
    Sequence<scalar, Rows> make(const Extent& extent) const {
        Sequence<scalar, Rows> y{take(Rows * extent.columns()), nullptr, extent};
        if constexpr (taped) y.slope = take_zeros(y.size());
        return y;
    }
    scalar* take_zeros(std::size_t count) const {
        scalar* p = take(count);
        backend().fill(p, padded(count), scalar(0));
        return p;
    }

    /// Keeps an operation whose backward(run) adds to its inputs' slopes what its output's slope says.
    template <class Operation>
    void record(const Operation& operation) {
        if constexpr (taped) memory_->tape->record(*this, operation);
    }

    /// Where a parameter's gradient is added up; null if nobody wants it. For backward only.
    scalar* gradient(const Parameter<scalar>& p) const {
        return memory_->gradient ? memory_->gradient + p.offset : nullptr;
    }

    const Randomness& randomness() const { return memory_->randomness; }

protected:
    const RunMemory<B, mode>* memory_;
};

} // namespace rondo
