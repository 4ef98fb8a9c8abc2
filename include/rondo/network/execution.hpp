// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/measuring.hpp"
#include "../core/error.hpp"
#include "../core/extent.hpp"
#include "../core/memory.hpp"
#include "../core/random.hpp"
#include "../core/view.hpp"
#include "tape.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rondo::inline v0_1 {

/// Where a run's random numbers come from, and whether it has any: dropout is off unless `dropout` says so.
struct Randomness {
    Seed seed;
    std::uint64_t step = 0;
    bool dropout = false;
    const std::uint64_t* step_at = nullptr; // where the backend's memory has the step, for a run that is done again
    bool* host_reads = nullptr;             // set where the host reads what another step may have otherwise
    bool operator==(const Randomness&) const = default;
};

template <Backend B> class Execution;

namespace detail {
template <class B> struct IsMeasuring : std::false_type {};
template <class B> struct IsMeasuring<Measuring<B>> : std::true_type {};
template <class B>
using TapeOf = std::conditional_t<IsMeasuring<B>::value, MeasuringTape<Execution<B>>, Tape<Execution<B>>>;
}

/// What a run has done with a layer so far.
struct LayerUse {
    std::uint32_t draws = 0;
    bool carried = false;
};

/// Everything a run works with; all of it belongs to somebody else.
template <Backend B>
struct RunMemory {
    B* backend = nullptr;
    Arena<typename B::scalar>* arena = nullptr;
    detail::TapeOf<B>* tape = nullptr;
    const typename B::scalar* parameters = nullptr;
    typename B::scalar* gradient = nullptr; // null: no parameter wants one
    typename B::scalar* carried = nullptr;  // states that outlive the run; null: every sequence starts from zero
    Randomness randomness{};
    int carried_batch = 0;
    LayerUse* uses = nullptr;            // one a layer number
    const std::byte* packed = nullptr;   // the weights of a stream's steps
    bool back = false;                   // whether this step goes through large weights from their end
};

/// What operations are executed with: a backend, memory, and where gradients go. It knows neither the network nor what
/// the run is for, so an operation is compiled once for all of them.
template <Backend B>
class Execution {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    static constexpr bool measuring = detail::IsMeasuring<B>::value;
    /// Whether a call costs more than what lies past sequences' ends: all columns then go through one; see active.
    static constexpr bool whole = Queued<typename detail::Stands<B>::type>;

    explicit Execution(const RunMemory<B>& memory) : memory_{&memory} {}

    /// Every run begins by measuring: the time to check inputs, and what they hold where the host may read it.
    bool checks_values() const {
        if constexpr (measuring) return backend().inputs_on_host;
        else return false;
    }

    B& backend() const { return *memory_->backend; }
    scalar* take(std::size_t count) const { return memory_->arena->take(count); }
    scalar* take_zeros(std::size_t count) const {
        scalar* p = take(count);
        backend().fill(p, padded(count), scalar(0));
        return p;
    }

    /// Room for tokens that a run chooses itself.
    int* take_tokens(std::size_t count) const {
        static_assert(sizeof(int) <= sizeof(scalar));
        return reinterpret_cast<int*>(take(count));
    }

    /// Refuses lengths that are not from 0 to the extent's steps, while measuring: every run begins with it.
    void check_extent(const Extent& extent) const {
        if constexpr (measuring) check(problem(extent));
    }

    /// The lengths, where the backend's memory is; null where there are none.
    const int* lengths(const Extent& extent) const {
        if (!extent.lengths) return nullptr;
        int* to = take_tokens(std::size_t(extent.batch));
        if constexpr (!measuring) backend().send(to, extent.lengths, std::size_t(extent.batch));
        return to;
    }

    /// x, zero where a column lies past its sequence's end, where it may hold anything. `until`: from lengths.
    Matrix<const scalar> active(Matrix<const scalar> x, const Extent& extent, const int* until) const {
        if (!until) return x;
        const Matrix<scalar> kept{take(x.rows * x.columns), x.rows, x.columns};
        backend().copy_active(kept, x, until, extent.batch);
        return kept;
    }

    /// Where a parameter's gradient is added up; null if nobody wants it. For backward only.
    scalar* gradient(const Parameter<scalar>& p) const {
        return memory_->gradient ? memory_->gradient + p.offset : nullptr;
    }

protected:
    const RunMemory<B>* memory_;
};

} // namespace rondo
