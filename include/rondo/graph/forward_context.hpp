// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../core/random.hpp"
#include "../core/view.hpp"
#include "host_copy.hpp"
#include "length_pool.hpp"
#include "loss_value.hpp"
#include "program.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The random numbers of a run: its seed and training step, and whether dropout is on.
struct Randomness {
    Seed seed;
    std::uint64_t step = 0;
    bool dropout = false;
    const std::uint64_t* step_at = nullptr; // the step in the backend's memory, for a run that is captured as a graph
    double dropout_rate = -1;               // of layers whose rate is given at run time; negative: none is given
    bool* dropout_rate_is_used = nullptr;   // set if a layer reads that rate
    bool operator==(const Randomness&) const = default;
};

/// The purpose of a forward: training (a backward may follow), inference (no backward is compiled), or streaming (one
/// step of each sequence).
enum class Mode { training, inference, streaming };

/// How a run has used a layer so far: its calls for random numbers, and whether it took the persistent state.
struct LayerUse {
    std::uint32_t draws = 0;
    bool persistent_state = false;
};

/// What a run records to and reads from; all non-owning.
template <Backend B>
struct ForwardMemory {
    using scalar = typename B::scalar;
    Program<B>* program = nullptr;
    Arena<scalar>* values = nullptr;
    Arena<scalar>* zeros = nullptr; // set to zero before the program is executed: above all gradients of values
    LossParts<scalar>* losses = nullptr;
    LengthPool* lengths = nullptr;
    const scalar* parameters = nullptr;
    scalar* persistent_state = nullptr; // kept between runs; null: every sequence starts from zero
    Randomness randomness{};
    int persistent_batch = 0;
    LayerUse* uses = nullptr; // indexed by layer number
    bool taped = false;
    HostCopy host{};
    Shards shards{};                          // of the batch
    const FrozenParameters* frozen = nullptr; // null: every parameter has a gradient
};

/// One call of a network's forward. It allocates values and records operations in a program, which is executed after
/// the call has returned, so a forward can read extents but no values. Inputs are checked while it records.
template <Backend B, Mode mode = Mode::training>
class ForwardContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    using kernels = void;
    static constexpr bool packed = false, stepwise = mode == Mode::streaming, carries_state = true;
    static constexpr bool differentiable = mode == Mode::training; // whether a program may have a backward

    explicit ForwardContext(ForwardMemory<B>& memory) : memory_{&memory} {}

    /// Whether a backward follows, so that gradients are allocated.
    bool taped() const {
        if constexpr (differentiable) return memory_->taped;
        else return false;
    }
    static constexpr bool checks() { return true; }
    /// Fails if a length is not from 0 to the extent's steps.
    static void check_extent(const Extent& extent) { (check)(problem(extent)); }

    scalar* take(std::size_t count) const { return memory_->values->take(count); }
    scalar* take_zeros(std::size_t count) const { return memory_->zeros->take(count); }
    /// Memory for tokens that the program computes itself.
    int* take_tokens(std::size_t count) const {
        static_assert(sizeof(int) <= sizeof(scalar));
        return reinterpret_cast<int*>(take(count));
    }
    /// Memory for the lengths of `batch` sequences that this forward computes.
    int* take_lengths(int batch) const { return memory_->lengths->take(batch); }
    /// An input's values for checks while recording; null if the host cannot read them or the program will write them.
    template <class T>
    const T* on_host(const T* p) const {
        return memory_->values->holds(p) ? nullptr : memory_->host.template find<B>(p);
    }

    /// A new value of the program. If a backward follows, its gradient is zero-initialized.
    template <int Rows>
    SequenceView<scalar, Rows> make(const Extent& extent) const {
        check_extent(extent);
        note_lengths(extent);
        note_batch(extent);
        SequenceView<scalar, Rows> y{take(Rows * extent.columns()), nullptr, extent};
        if (taped()) y.gradient = take_zeros(y.size());
        return y;
    }
    /// Records an operation. See Program.
    template <class Operation>
    void execute(const Operation& operation) const {
        memory_->program->template add<differentiable>(operation, taped());
    }
    /// A loss whose columns an operation writes to `each`, memory from take_zeros.
    LossValue<B> loss(const scalar* each, const Extent& extent) const {
        note_lengths(extent);
        return {*memory_->losses, each, extent};
    }

    /// Notes that values depend on all columns of a batch. Returns whether the run has them: if not, what is recorded
    /// is not executed.
    bool needs_whole_batch() const {
        memory_->program->need_whole_batch();
        return memory_->shards.count == 1;
    }

    const Randomness& randomness() const {
        if constexpr (!clears_padding) memory_->program->reads_host(true); // what depends on the step is not compared
        return memory_->randomness;
    }
    bool drops() const { return memory_->randomness.dropout; }
    /// The rate of dropout that the run was given.
    double dropout_rate() const {
        if (bool* const used = memory_->randomness.dropout_rate_is_used) *used = true;
        const double rate = memory_->randomness.dropout_rate;
        if (!(rate >= 0 && rate < 1))
            fail(Error::Kind::argument, "rondo: the network has a Dropout without a rate; expected "
                                        "TrainerSettings::dropout, a number from 0 to below 1");
        return rate;
    }

    /// Notes that an operation depends on an extent's lengths. Those of values and losses are noted.
    void note_lengths(const Extent& extent) const { memory_->program->reads_host(extent.lengths != nullptr); }

protected:
    void note_batch(const Extent& extent) const {
        const Shards& shards = memory_->shards;
        if (!shards.single() && extent.batch != shards.sequences()) memory_->program->separate();
    }
    ForwardMemory<B>* memory_;
};

} // namespace rondo
