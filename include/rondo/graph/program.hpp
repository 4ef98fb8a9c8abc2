// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/memory.hpp"
#include "frozen_parameters.hpp"
#include "op_context.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

// The optional members of an operation: see Program. Named concepts, since nvcc rejects a constrained template in the
// parameters of a requires expression inside a function.
template <class Operation>
concept HasParameters = requires(const Operation& operation) { operation.parameters(); };
template <class Operation>
concept DefersGradients = HasParameters<Operation> &&
                          requires(const Operation& operation, const Shards& shards) { operation.kept_size(shards); };
template <class Operation, class B>
concept HasBackward = requires(const Operation& operation, OpContext<B>& context) { operation.backward(context); };
template <class Operation, class B>
concept ForwardNeedsScratch = requires(const Operation& operation, Scratch<B>& s) { operation.forward_scratch(s); };
template <class Operation, class B>
concept BackwardNeedsScratch = requires(const Operation& operation, Scratch<B>& s) { operation.backward_scratch(s); };

/// The operations recorded by one forward, executed in order by forward; backward executes their backwards in reverse.
///
/// An operation is a trivially copyable value with the members
///
///   forward(context)          computes its outputs
///   backward(context)         optional: adds dL/d(input) to the gradients of its inputs
///   forward_scratch(scratch)  if forward needs scratch memory
///   backward_scratch(scratch) if backward does
///   parameters()              the parameters that backward adds gradients of, an array of ParameterTensor; such a
///                             backward adds them shard by shard (OpContext::each_shard). A network with an operation
///                             that adds to gradients without parameters() is run one shard at a time.
///   kept_size(shards), add_gradients(context, all)
///                             if several operations with the same parameters can compute their gradients together:
///                             where OpContext::deferred(), backward does not add them and keeps what they depend on at
///                             OpContext::kept(), kept_size elements; the static function add_gradients is called once
///                             for all of them (KeptOperations), the last one first, after all backwards.
///
/// Memory  a record of fixed size per operation. The capacity never shrinks: recording no more operations than before
///         allocates nothing. A record is the operation's value with its padding set to zero: two programs whose bytes
///         are equal compute the same from the same memory, so an operation reads nothing but its value and the
///         context when it is executed.
template <Backend B>
class Program {
public:
    Program() = default;
    Program(Program&& other) noexcept { *this = std::move(other); }
    Program& operator=(Program&& other) noexcept {
        records_ = std::move(other.records_);
        size_ = std::exchange(other.size_, 0);
        first_ = other.first_;
        frozen_ = other.frozen_;
        scratch_size_ = other.scratch_size_;
        product_size_ = other.product_size_;
        reads_host_ = other.reads_host_;
        separate_ = other.separate_;
        whole_batch_ = other.whole_batch_;
        shards_ = other.shards_;
        uses_ = std::move(other.uses_);
        deferred_ = std::move(other.deferred_);
        return *this;
    }

    /// `shards`: of the runs that the operations are recorded for; `frozen`: the parameters without gradients, or null.
    void clear(const Shards& shards = {}, const FrozenParameters* frozen = nullptr) {
        size_ = scratch_size_ = product_size_ = 0;
        frozen_ = frozen;
        first_ = frozen ? none : 0;
        reads_host_ = separate_ = whole_batch_ = false;
        shards_ = shards;
        uses_.clear();
    }

    /// Records an operation. `differentiable`: whether its backward is compiled; `taped`: whether it is recorded, too.
    template <bool differentiable, class Operation>
    void add(const Operation& operation, [[maybe_unused]] bool taped) {
        static_assert(std::is_trivially_copyable_v<Operation> && sizeof(Operation) <= Record::capacity &&
                      alignof(Operation) <= alignof(std::max_align_t));
        Record& record = next();
        auto* kept = std::construct_at(reinterpret_cast<Operation*>(record.operation), operation);
        if constexpr (Asynchronous<B>) clear_padding(*kept);
        record.functions = &functions<Operation, false>;
        if constexpr (ForwardNeedsScratch<Operation, B>) declare([&](Scratch<B>& s) { operation.forward_scratch(s); });
        if constexpr (differentiable && HasBackward<Operation, B>)
            if (taped) {
                record.functions = &functions<Operation, true>;
                if constexpr (BackwardNeedsScratch<Operation, B>)
                    declare([&](Scratch<B>& s) { operation.backward_scratch(s); });
                if constexpr (HasParameters<Operation>)
                    if (sums_shards()) add_parameters(operation);
            }
    }
    /// Notes that the forward took a parameter's address: operations before it do not depend on that parameter.
    void fetch(std::size_t offset) {
        if (first_ == none && !frozen_->contains(offset)) first_ = size_;
        if (sums_shards()) uses_.fetch(offset);
    }
    /// Notes that columns of the program's values are not those of the batch's sequences, so that a run of several
    /// shards cannot sum each shard's columns separately.
    void separate() { separate_ = true; }
    /// Notes that values depend on all columns of a batch (statistics): it is computed in one run, as one shard.
    void need_whole_batch() { whole_batch_ = true; }
    bool needs_whole_batch() const { return whole_batch_; }
    /// Whether backward can compute the sums of several shards in one run: if not, it is run for one at a time.
    bool sums_by_shard() const { return !separate_ && uses_.known(); }
    /// After recording.
    void complete() {
        uses_.complete();
        deferred_.clear();
        uses_.each_deferred([&](const ParameterUses::Use& use) {
            if (use.record < first_) return; // backward does not call it
            records_[use.record].kept_at = use.at;
            deferred_.push_back({records_[use.record].operation, use.at, use.layout});
        });
    }
    const Shards& shards() const { return shards_; }
    const ParameterUses& uses() const { return uses_; }
    /// Notes that operations depend on what each_part does not contain: lengths, which are in host memory.
    void reads_host(bool reads) { reads_host_ = reads_host_ || reads; }
    bool reads_host() const { return reads_host_; }

    void forward(OpContext<B> context) const {
        for (std::size_t k = 0; k < size_; ++k) records_[k].functions->forward(context, records_[k].operation);
    }
    void backward(OpContext<B> context) const {
        for (std::size_t k = size_; k > 0 && k-- > first_;)
            if (const auto backward = records_[k].functions->backward) {
                context.keep_at(records_[k].kept_at);
                backward(context, records_[k].operation);
            }
        context.keep_at(ParameterUses::none);
        for (std::size_t k = 0, end = 0; k < deferred_.size(); k = end) {
            while (end < deferred_.size() && deferred_[end].layout == deferred_[k].layout) ++end;
            const auto* const kind = static_cast<const Functions*>(uses_.kind(deferred_[k].layout));
            kind->add_gradients(context, std::span{deferred_}.subspan(k, end - k));
        }
    }

    /// Calls f with the bytes that define what the program computes: of each operation its functions, and its value if
    /// equal values have equal bytes (clears_padding).
    template <class F>
    void each_part(const F& f) const {
        for (std::size_t k = 0; k < size_; ++k) {
            f(std::as_bytes(std::span{&records_[k].functions, 1}));
            if constexpr (clears_padding) f(std::span{records_[k].operation, records_[k].functions->size});
        }
    }

    std::size_t size() const { return size_; }
    /// The first operation that depends on a parameter with a gradient: backward begins with the last and ends here.
    std::size_t first() const { return (std::min)(first_, size_); }
    /// The scratch memory of the operation that needs most, in elements.
    std::size_t scratch_size() const { return scratch_size_; }
    /// The backend's memory for the largest product, in elements.
    std::size_t product_size() const { return product_size_; }

private:
    using Function = void (*)(OpContext<B>&, const std::byte*);
    using AddGradients = void (*)(OpContext<B>&, std::span<const KeptOperation>);
    struct Functions {
        Function forward, backward; // backward: null if the operation has none
        std::size_t size;           // of the operation
        AddGradients add_gradients; // null if it does not defer them
    };
    struct Record {
        static constexpr std::size_t capacity = 368;
        const Functions* functions = nullptr;
        std::size_t kept_at = ParameterUses::none;
        alignas(std::max_align_t) std::byte operation[capacity];
    };

    template <class Operation>
    static const Operation& of(const std::byte* bytes) {
        return *std::launder(reinterpret_cast<const Operation*>(bytes));
    }
    template <class Operation>
    static void run_forward(OpContext<B>& context, const std::byte* bytes) {
        of<Operation>(bytes).forward(context);
    }
    template <class Operation>
    static void run_backward(OpContext<B>& context, const std::byte* bytes) {
        of<Operation>(bytes).backward(context);
    }
    template <class Operation, bool has_backward>
    static constexpr Function backward_of() {
        if constexpr (has_backward) return run_backward<Operation>;
        else return nullptr;
    }
    template <class Operation>
    static void run_add_gradients(OpContext<B>& context, std::span<const KeptOperation> all) {
        Operation::add_gradients(context, KeptOperations<Operation, B>{context, all});
    }
    template <class Operation>
    static constexpr bool defers = !Asynchronous<B> && DefersGradients<Operation>;
    template <class Operation, bool has_backward>
    static constexpr AddGradients add_gradients_of() {
        if constexpr (has_backward && defers<Operation>) return run_add_gradients<Operation>;
        else return nullptr;
    }
    template <class Operation, bool has_backward>
    static constexpr Functions functions{run_forward<Operation>, backward_of<Operation, has_backward>(),
                                         sizeof(Operation), add_gradients_of<Operation, has_backward>()};
    Record& next() {
        if (size_ == records_.size()) records_.resize(std::max<std::size_t>(16, 2 * size_));
        records_[size_].kept_at = ParameterUses::none;
        return records_[size_++];
    }
    // Whether sums are computed shard by shard: not those of a device, and not of one shard in all.
    bool sums_shards() const { return !Asynchronous<B> && shards_.count > 1; }
    template <class Operation>
    void add_parameters(const Operation& operation) {
        if constexpr (defers<Operation>)
            uses_.add(operation.parameters(), &functions<Operation, true>, size_ - 1, operation.kept_size(shards_));
        else uses_.add(operation.parameters(), nullptr, size_ - 1, 0);
    }
    template <class F>
    void declare(const F& take) {
        Scratch<B> counted{shards_};
        take(counted);
        scratch_size_ = (std::max)(scratch_size_, counted.used());
        product_size_ = (std::max)(product_size_, counted.product_size());
    }

    static constexpr std::size_t none = ~std::size_t{0};
    std::vector<Record> records_;
    std::size_t first_ = 0;
    const FrozenParameters* frozen_ = nullptr; // used while operations are recorded
    std::size_t size_ = 0, scratch_size_ = 0, product_size_ = 0;
    bool reads_host_ = false, separate_ = false, whole_batch_ = false;
    Shards shards_;
    ParameterUses uses_;
    std::vector<KeptOperation> deferred_;
};

} // namespace rondo
