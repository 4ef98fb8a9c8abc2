// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "forward_context.hpp"
#include "op_context.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What a step of a stream reads and writes; all non-owning.
template <Backend B>
struct StepMemory {
    using scalar = typename B::scalar;
    B* backend = nullptr;
    Arena<scalar> values{};
    scalar* persistent_state = nullptr;
    scalar* const* states = nullptr; // of a step of several streams, in place of persistent_state
    int streams = 1;
    const std::byte* packed = nullptr; // weights
    bool back = false;                 // whether this step reads large weights in reverse: see CellStep::step
    std::size_t values_size = 0, product_size = 0; // measured by a dry step
    LayerUse* uses = nullptr;
};

/// One step of a stream: operations are executed immediately instead of recorded; layers that have step kernels use
/// them. A dry step computes nothing: it checks, and measures the memory a step needs, when a stream is constructed.
///
/// multiple_steps: whether the step has several inputs, because layers have strides.
template <Backend B, class Kernels, bool is_dry = false, bool has_multiple_steps = false>
class StepContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    using kernels = Kernels;
    static constexpr bool packed = true, stepwise = true, differentiable = false, multiple_steps = has_multiple_steps;
    static constexpr bool carries_state = true;

    explicit StepContext(StepMemory<B>& memory) : memory_{&memory} {}
    /// The same step with other kernels.
    template <class K>
    auto with() const {
        return StepContext<B, K, is_dry, has_multiple_steps>{*memory_};
    }

    static constexpr bool taped() { return false; }
    static constexpr bool drops() { return false; }
    static constexpr bool dry() { return is_dry; }
    static constexpr bool checks() { return is_dry; }
    static void check_extent(const Extent& extent) {
        if constexpr (is_dry) (check)(problem(extent));
    }

    scalar* take(std::size_t count) const {
        scalar* const p = memory_->values.take(count);
        if constexpr (is_dry) memory_->values_size = (std::max)(memory_->values_size, memory_->values.used());
        return p;
    }
    scalar* take_zeros(std::size_t count) const {
        scalar* const p = take(count);
        if constexpr (!is_dry) memory_->backend->fill(p, padded(count), scalar(0));
        return p;
    }
    template <class T>
    static const T* on_host(const T*) {
        return nullptr;
    }

    template <int Rows>
    SequenceView<scalar, Rows> make(const Extent& extent) const {
        return {take(Rows * extent.columns()), nullptr, extent};
    }
    template <class Operation>
    void execute(const Operation& operation) const {
        if constexpr (!is_dry) {
            Arena<scalar> rest{memory_->values};
            OpContext<B> context{*memory_->backend, rest.take(0), rest.left()};
            operation.forward(context);
        } else if constexpr (ForwardNeedsScratch<Operation, B>) {
            Scratch<B> scratch;
            operation.forward_scratch(scratch);
            memory_->values_size = (std::max)(memory_->values_size, memory_->values.used() + scratch.used());
            memory_->product_size = (std::max)(memory_->product_size, scratch.product_size());
        }
    }

protected:
    static void note_lengths(const Extent&) {}
    StepMemory<B>* memory_;
};

} // namespace rondo
