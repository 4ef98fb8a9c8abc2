// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/add_to.hpp"
#include "../backend/scratch.hpp"
#include "../core/function_ref.hpp"
#include "../core/shards.hpp"
#include "../core/view.hpp"
#include "parameter_uses.hpp"

#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Where a run accumulates gradients of parameters. A run of one shard has one buffer; with several shards, buffer k is
/// the k-th node that remains in their SumTree, and shared tensors have a gradient for each shard: see ParameterUses.
template <class S>
struct Gradients {
    S* const* nodes = nullptr; // null: gradients are not needed
    S* shared = nullptr;
    const ParameterUses* uses = nullptr;
    S* kept = nullptr; // memory of operations that defer their gradients
};

/// An operation of a program that has deferred its gradients, and where in Gradients::kept it has kept what they need.
struct KeptOperation {
    const std::byte* operation;
    std::size_t at, layout;
};

/// The context in which an operation is executed: a backend, scratch memory and the gradient buffer of parameters. It
/// does not depend on the network or the Mode, so an operation is compiled once per backend.
template <Backend B>
class OpContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    /// Whether operations make one call over all columns, including padding, instead of one for each range of valid
    /// columns; cheaper where launches are expensive. Padding is set to zero before it enters a sum: see active. The
    /// runs of such a backend have one shard.
    static constexpr bool whole = Asynchronous<B>;

    OpContext(B& backend, scalar* scratch, std::size_t capacity, const Gradients<scalar>& gradients = {},
              const Shards& shards = {})
        : backend_{&backend}, scratch_{scratch}, capacity_{capacity}, gradients_{gradients}, shards_{shards} {}

    B& backend() const { return *backend_; }
    Scratch<B> scratch() const { return {scratch_, capacity_, shards_}; }
    const Shards& shards() const { return shards_; }

    /// Where a parameter's gradient is accumulated; null if it is not needed. In backward only. An operation that has
    /// `parameters()` adds there by each_shard, or what is the gradient of all shards: that of the k-th node.
    scalar* gradient(const Parameter<scalar>& p, std::size_t node = 0) const {
        return gradients_.nodes ? gradients_.nodes[node] + p.offset : nullptr;
    }
    /// Whether the operation's gradients are computed after the backward, and the memory that it has for that: see
    /// Program.
    bool deferred() const { return kept_at_ != ParameterUses::none; }
    scalar* kept() const { return kept(kept_at_); }
    scalar* kept(std::size_t at) const { return gradients_.kept + at; }
    void keep_at(std::size_t at) { kept_at_ = at; }
    /// Whether the parameter's gradient is kept for each shard, at shard_gradient.
    bool shared(std::size_t offset) const { return gradients_.uses && gradients_.uses->shared(offset); }
    scalar* shard_gradient(std::size_t offset, int shard) const {
        return gradients_.shared + std::size_t(shard - shards_.first) * gradients_.uses->shared_size() +
               gradients_.uses->shared(offset)->shared_at;
    }

    /// Adds sums over columns to gradients: calls f(part, first, to) for each shard, which adds the sums over the
    /// columns of `part` to the tensors at `to`. `part` is the shard's part of `e`, whose sequences begin at `first`.
    /// `sums` is memory from Scratch::take_sums, of the tensors' total_size; null if all of them are shared.
    template <std::size_t count, class F>
    void each_shard(const std::array<ParameterTensor, count>& tensors, const Extent& e, scalar* sums,
                    const F& f) const {
        std::array<scalar*, count> to{};
        add_shards(tensors, e, sums, to, [&](const Extent& part, int first) { f(part, first, std::as_const(to)); });
    }
    static std::size_t total_size(std::span<const ParameterTensor> tensors) {
        std::size_t size = 0;
        for (const ParameterTensor& tensor : tensors) size += padded(tensor.size);
        return size;
    }
    /// A shard's columns of x, which has those of `e`; a copy in `to` (from Scratch::take_shard) unless contiguous.
    ColumnMajorView<const scalar> columns_of(const Extent& part, int first, const Extent& e,
                                             ColumnMajorView<const scalar> x, scalar* to) const {
        if (part.batch == e.batch) return x;
        const std::size_t count = std::size_t(part.batch), from = std::size_t(first);
        if (e.steps == 1) return x.from_column(from, count);
        for (std::size_t t = 0; t < std::size_t(e.steps); ++t)
            backend().copy_columns({to + t * count * x.rows, x.rows, count},
                                   x.from_column(t * std::size_t(e.batch) + from, count));
        return {to, x.rows, count * std::size_t(e.steps)};
    }
    /// sum += each of a shard's valid columns of x, which has those of `e`, first to last.
    void add_columns(scalar* sum, const Extent& part, int first, const Extent& e,
                     ColumnMajorView<const scalar> x) const {
        for (int t = 0; t < e.steps; ++t)
            for_each_valid_range(part, t, [&](int from, int count) {
                const std::size_t at = std::size_t(t) * std::size_t(e.batch) + std::size_t(first + from);
                backend().add_columns(sum, x.from_column(at, std::size_t(count)));
            });
    }
    /// y += w x and x += w^T y, over columns of `e`: with several shards the kernel, and so the bits of a column,
    /// depend on the columns of the whole batch, not on those of the run.
    void multiply_add(const Extent& e, ColumnMajorView<scalar> y, RowMajorView<const scalar> w,
                      ColumnMajorView<const scalar> x) const {
        if constexpr (ChoosesKernels<B>) backend().multiply_add(y, w, x, shards_.kernel_columns(e, x.columns));
        else backend().multiply_add(y, w, x);
    }
    void multiply_transposed_add(const Extent& e, ColumnMajorView<scalar> x, RowMajorView<const scalar> w,
                                 ColumnMajorView<const scalar> y) const {
        if constexpr (ChoosesKernels<B>)
            backend().multiply_transposed_add(x, w, y, shards_.kernel_columns(e, y.columns));
        else backend().multiply_transposed_add(x, w, y);
    }

    /// Copies a batch's lengths to the backend's memory at `to`, from Scratch::take_lengths; null stays null.
    const int* lengths(const Extent& extent, int* to) const {
        if (to) backend().send(to, extent.lengths, std::size_t(extent.batch));
        return to;
    }
    /// A batch's lengths where functors read them: the extent's own in host memory, else a copy at `to`.
    const int* readable_lengths(const Extent& extent, int* to) const {
        if constexpr (whole) return lengths(extent, to);
        else return extent.lengths;
    }
    /// x with padding, whose content is undefined, set to zero: a copy in `to`; x itself if there are no lengths.
    ColumnMajorView<const scalar> active(ColumnMajorView<const scalar> x, const Extent& extent, const int* lengths,
                                         scalar* to) const {
        if (!lengths) return x;
        const ColumnMajorView<scalar> kept{to, x.rows, x.columns};
        backend().copy_active(kept, x, lengths, extent.batch);
        return kept;
    }

private:
    void add(scalar* to, const scalar* from, std::size_t count) const {
        backend().elements(AddTo<scalar>{to, from}, count);
    }
    // each_shard: compute(part, first) adds to the tensors at `to`.
    void add_shards(std::span<const ParameterTensor> tensors, const Extent& e, scalar* sums, std::span<scalar*> to,
                    FunctionRef<void(const Extent&, int)> compute) const {
        if (!gradients_.nodes) return;
        const std::size_t count = tensors.size();
        if (shards_.single()) {
            for (std::size_t k = 0; k < count; ++k)
                to[k] = shared(tensors[k].offset) ? shard_gradient(tensors[k].offset, shards_.first)
                                                  : gradients_.nodes[0] + tensors[k].offset;
            return compute(e, 0);
        }
        const std::size_t size = total_size(tensors);
        const auto each_sum = [&](const auto& visit) { // of the tensors whose sums are here
            std::size_t at = 0;
            for (std::size_t k = 0; k < count; at += padded(tensors[k++].size))
                if (tensors[k].size > 0 && !shared(tensors[k].offset)) visit(k, at);
        };
        SumTree tree;
        for (int s = shards_.first; s < shards_.last; ++s) {
            scalar* const sum = sums ? sums + tree.size() * size : nullptr; // null: all tensors are shared
            for (std::size_t k = 0; k < count; ++k)
                if (tensors[k].size > 0 && shared(tensors[k].offset)) to[k] = shard_gradient(tensors[k].offset, s);
            each_sum([&](std::size_t k, std::size_t at) {
                to[k] = sum + at;
                backend().fill(to[k], padded(tensors[k].size), scalar(0));
            });
            const int from = shards_.begin(s) - shards_.begin();
            compute(Shards::cut(e, from, shards_.sequences(s)), from);
            std::size_t merged = tree.push({s, 1}, shards_.count);
            for (scalar* last = sum; sums && merged > 0; --merged, last -= size)
                each_sum([&](std::size_t k, std::size_t at) { add(last - size + at, last + at, tensors[k].size); });
        }
        for (std::size_t node = 0; node < tree.size(); ++node)
            each_sum([&](std::size_t k, std::size_t at) {
                add(gradient({nullptr, tensors[k].offset}, node), sums + node * size + at, tensors[k].size);
            });
    }

    B* backend_;
    scalar* scratch_;
    std::size_t capacity_;
    Gradients<scalar> gradients_;
    Shards shards_;
    std::size_t kept_at_ = ParameterUses::none;
};

/// Operations of one type that have deferred their gradients.
template <class Operation, Backend B>
class KeptOperations {
public:
    KeptOperations(const OpContext<B>& context, std::span<const KeptOperation> all) : context_{&context}, all_{all} {}

    std::size_t size() const { return all_.size(); }
    const Operation& operator[](std::size_t k) const {
        return *std::launder(reinterpret_cast<const Operation*>(all_[k].operation));
    }
    typename B::scalar* kept(std::size_t k) const { return context_->kept(all_[k].at); }

private:
    const OpContext<B>* context_;
    std::span<const KeptOperation> all_;
};

} // namespace rondo
