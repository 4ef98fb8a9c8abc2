// SPDX-License-Identifier: MIT
#pragma once

#include "execution.hpp"

#include <type_traits>

namespace rondo::inline v0_1 {

/// What a forward runs for: to be followed by its backward, for its result alone, or one step at a time.
enum class Mode { training, inference, streaming };

/// One execution of a network's forward: makes the sequences between its operations, and executes and records these.
///
/// Kernels is what a stream's steps compute with, where the backend has kernels for them; else void.
template <Backend B, Mode run_mode, class Kernels = void>
class Run : public Execution<B> {
public:
    using kernels = Kernels;
    using scalar = typename B::scalar;
    static constexpr Mode mode = run_mode;
    static constexpr bool taped = mode == Mode::training, packed = !std::is_void_v<Kernels>;

    using Execution<B>::Execution;

    /// A sequence of the run's own, its values not yet written. In training its slope begins at zero.
    template <int Rows>
    Sequence<scalar, Rows> make(const Extent& extent) const {
        this->check_extent(extent);
        if (taped && extent.lengths) differs();
        Sequence<scalar, Rows> y{this->take(Rows * extent.columns()), nullptr, extent};
        if constexpr (taped) y.slope = this->take_zeros(y.size());
        return y;
    }

    /// Executes operation.forward, and keeps the operation: its backward adds to its inputs' slopes what its output's
    /// slope says.
    template <class Operation>
    void execute(const Operation& operation) {
        operation.forward(execution());
        if constexpr (taped) this->memory_->tape->record(execution(), operation);
    }
    Execution<B>& execution() { return *this; }

    const Randomness& randomness() const {
        differs();
        return this->memory_->randomness;
    }
    bool drops() const { return this->memory_->randomness.dropout; }

protected:
    /// The host reads the step, or lengths: at the next step this run may be another.
    void differs() const {
        if (bool* host_reads = this->memory_->randomness.host_reads) *host_reads = true;
    }
};

} // namespace rondo
