// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../core/random.hpp"
#include "../core/view.hpp"
#include "program.hpp"
#include "loss_value.hpp"
#include "host_copy.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Where a run's random numbers come from, and whether it has any: dropout is off unless `dropout` says so.
struct Randomness {
    Seed seed;
    std::uint64_t step = 0;
    bool dropout = false;
    const std::uint64_t* step_at = nullptr; // where the backend's memory has the step, for a run that is done again
    bool* host_reads = nullptr; // set if recording reads what may differ in the next step: it must be recorded again
    bool operator==(const Randomness&) const = default;
};

/// What a forward is run for: training, where it may have a backward; its result alone, so that no backward is
/// compiled; or one step of each sequence.
enum class Mode { training, inference, streaming };

/// What a run has done with a layer so far.
struct LayerUse {
    std::uint32_t draws = 0;
    bool persistent_state = false;
};

/// What a run records in and reads from. It owns nothing.
template <Backend B>
struct ForwardMemory {
    using scalar = typename B::scalar;
    Program<B>* program = nullptr;
    Arena<scalar>* values = nullptr;
    Arena<scalar>* zeros = nullptr; // what is zero before the program is executed: gradients of values above all
    LossParts<scalar>* losses = nullptr;
    const scalar* parameters = nullptr;
    scalar* persistent_state = nullptr; // states that outlive the run; null: every sequence starts from zero
    Randomness randomness{};
    int persistent_batch = 0;
    LayerUse* uses = nullptr; // one a layer number
    bool taped = false;
    HostCopy host{};
};

/// One call of a network's forward: it takes memory for values and records operations in a program, which is executed
/// when the call has returned. So a forward sees extents, but no values. Inputs are checked while it is recorded.
template <Backend B, Mode mode = Mode::training>
class ForwardContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    using kernels = void;
    static constexpr bool packed = false, stepwise = mode == Mode::streaming;
    static constexpr bool differentiable = mode == Mode::training; // whether a program may have a backward

    explicit ForwardContext(ForwardMemory<B>& memory) : memory_{&memory} {}

    /// Whether a backward follows.
    bool taped() const {
        if constexpr (differentiable) return memory_->taped;
        else return false;
    }
    static constexpr bool checks() { return true; }
    /// Refuses lengths that are not from 0 to the extent's steps.
    static void check_extent(const Extent& extent) { (check)(problem(extent)); }

    scalar* take(std::size_t count) const { return memory_->values->take(count); }
    scalar* take_zeros(std::size_t count) const { return memory_->zeros->take(count); }
    /// Room for tokens that a run chooses itself.
    int* take_tokens(std::size_t count) const {
        static_assert(sizeof(int) <= sizeof(scalar));
        return reinterpret_cast<int*>(take(count));
    }
    /// What an input holds, where the host can read it; null where it cannot, or where the run itself is to write it.
    template <class T>
    const T* on_host(const T* p) const {
        return memory_->values->holds(p) ? nullptr : memory_->host.template find<B>(p);
    }

    /// A sequence of the run's own. In training its gradient begins at zero.
    template <int Rows>
    SequenceView<scalar, Rows> make(const Extent& extent) const {
        check_extent(extent);
        if (taped() && extent.lengths) differs();
        SequenceView<scalar, Rows> y{take(Rows * extent.columns()), nullptr, extent};
        if (taped()) y.gradient = take_zeros(y.size());
        return y;
    }
    /// Records an operation: see Program.
    template <class Operation>
    void execute(const Operation& operation) const {
        memory_->program->template add<differentiable>(operation, taped());
    }
    /// A loss whose columns an operation writes to `each`, from take_zeros.
    LossValue<B> loss(const scalar* each, const Extent& extent) const { return {*memory_->losses, each, extent}; }

    const Randomness& randomness() const {
        differs();
        return memory_->randomness;
    }
    bool drops() const { return memory_->randomness.dropout; }

protected:
    /// Recording depends on the number of the step, or on lengths: the next step may have another program.
    void differs() const {
        if (bool* host_reads = memory_->randomness.host_reads) *host_reads = true;
    }
    ForwardMemory<B>* memory_;
};

} // namespace rondo
