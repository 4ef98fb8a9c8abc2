// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../graph/forward_context.hpp"
#include "../graph/layer_context.hpp"
#include "../layer/network.hpp"
#include "parameter_buffer.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

template <class Net>
constexpr auto offsets = [] {
    std::array<std::size_t, Net::tensors.size() + 1> all{};
    for (std::size_t k = 0; k < Net::tensors.size(); ++k) all[k] = Net::tensors[k].offset;
    return all;
}();

/// The part of Workspace that does not depend on the network's type.
///
/// Memory  grows if a program does not fit. Movable, not copyable.
template <Backend B>
class WorkspaceMemory {
public:
    using scalar = typename B::scalar;

    WorkspaceMemory() = default;
    WorkspaceMemory(const WorkspaceMemory&) = delete; // it points into its own memory
    WorkspaceMemory(WorkspaceMemory&&) noexcept = default;
    WorkspaceMemory& operator=(WorkspaceMemory&&) noexcept = default;

    /// Records body(run) of a network for execute, and for backward if memory.taped is set.
    template <class Net, Mode mode, class Body>
    auto trace(ForwardMemory<B> memory, Body&& body) {
        Arena<scalar> values, zeros;
        for (bool again = false;; again = true) {
            std::array<LayerUse, numbers<Net>> uses{};
            memory.uses = uses.data();
            begin(memory, values, zeros);
            LayerContext<Net, ForwardContext<B, mode>> scope{ForwardContext<B, mode>{memory}, offsets<Net>.data(), {}};
            auto result = body(scope);
            if (end(values, zeros, memory.taped, again)) return result;
        }
    }
    /// Executes the recorded program.
    ///
    /// Errors  no program: the last one could not be recorded, or was forgotten.
    void execute() {
        if (!complete_) fail(Error::Kind::argument, "rondo::Workspace: execute without a program before it");
        if (zeros_used_ > 0) backend_.fill(B::data(zeros_), zeros_used_, scalar(0));
        program_.forward(context({}));
        recorded_ = taped_;
    }
    /// Backward of the recorded program, once: adds dL/d(parameters) to `gradient`, which may be null.
    ///
    /// Errors  nothing recorded since the last backward or forward.
    void backward(ParameterBuffer<B>* gradient) {
        scalar* const data = gradient ? gradient->data() : nullptr;
        backward(Gradients<scalar>{data ? &data : nullptr});
    }
    /// The same, of several shards.
    void backward(const Gradients<scalar>& gradients) {
        if (!std::exchange(recorded_, false))
            fail(Error::Kind::argument, "rondo::Workspace: backward without a record before it");
        program_.backward(context(gradients));
    }

    /// Bytes of values, their gradients and scratch, without the program's records and the backend's memory.
    std::size_t bytes() const { return (values_.size() + zeros_.size() + scratch_.size()) * sizeof(scalar); }
    bool recorded() const { return recorded_; }
    /// The recorded program.
    const Program<B>& program() const { return program_; }
    /// The addresses that execute and backward use: values, begin and end of the memory that is set to zero, scratch.
    std::array<const void*, 4> addresses() {
        return {B::data(values_), B::data(zeros_), B::data(zeros_) + zeros_used_, B::data(scratch_)};
    }
    /// The losses of the recorded program.
    const LossParts<scalar>& losses() const { return losses_; }
    B& backend() { return backend_; }

protected:
    /// Forgets the program: it has no parameters.
    void forget() { complete_ = taped_ = false; }

private:
    using Memory = typename B::template buffer<scalar>;

    static Arena<scalar> arena_of(Memory& memory) {
        return memory.size() > 0 ? Arena<scalar>{B::data(memory), memory.size()} : Arena<scalar>{};
    }
    static void grow(Memory& memory, std::size_t size) {
        if (size <= memory.size()) return;
        memory = Memory{}; // freed before more is allocated: its content is not needed
        memory.resize(size);
    }
    OpContext<B> context(const Gradients<scalar>& gradients) {
        return {backend_, B::data(scratch_), scratch_.size(), gradients, program_.shards()};
    }

    // Not inlined: trace is compiled for each network.
    [[gnu::noinline]] void begin(ForwardMemory<B>& memory, Arena<scalar>& values, Arena<scalar>& zeros) {
        taped_ = recorded_ = complete_ = false; // the last program's memory is about to be overwritten
        values = arena_of(values_);
        zeros = arena_of(zeros_);
        program_.clear(memory.shards, memory.frozen);
        losses_.clear();
        lengths_.clear();
        memory.program = &program_;
        memory.values = &values;
        memory.zeros = &zeros;
        memory.losses = &losses_;
        memory.lengths = &lengths_;
    }
    /// Whether the program fits; else there is memory for it now.
    [[gnu::noinline]] bool end(const Arena<scalar>& values, const Arena<scalar>& zeros, bool taped, bool again) {
        backend_.reserve(program_.product_size());
        grow(scratch_, program_.scratch_size());
        zeros_used_ = zeros.used();
        if (values.fits() && zeros.fits()) {
            program_.complete();
            complete_ = true;
            taped_ = taped;
            return true;
        }
        if (again)
            fail(Error::Kind::argument, "rondo::Workspace: a forward needed more memory when it was called again; "
                                        "it may depend on nothing but extents");
        grow(values_, values.used());
        grow(zeros_, zeros.used());
        return false;
    }

    Memory values_, zeros_, scratch_;
    Program<B> program_;
    LossParts<scalar> losses_;
    LengthPool lengths_;
    B backend_;
    std::size_t zeros_used_ = 0;
    bool complete_ = false, taped_ = false, recorded_ = false;
};

} // namespace rondo::detail
