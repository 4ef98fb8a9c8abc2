// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/memory.hpp"
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
        scratch_size_ = other.scratch_size_;
        product_size_ = other.product_size_;
        reads_host_ = other.reads_host_;
        return *this;
    }

    void clear() {
        size_ = scratch_size_ = product_size_ = 0;
        reads_host_ = false;
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
            }
    }
    /// Notes that operations depend on what each_part does not contain: lengths, which are in host memory.
    void reads_host(bool reads) { reads_host_ = reads_host_ || reads; }
    bool reads_host() const { return reads_host_; }

    void forward(OpContext<B> context) const {
        for (std::size_t k = 0; k < size_; ++k) records_[k].functions->forward(context, records_[k].operation);
    }
    void backward(OpContext<B> context) const {
        for (std::size_t k = size_; k-- > 0;)
            if (const auto backward = records_[k].functions->backward) backward(context, records_[k].operation);
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
    /// The scratch memory of the operation that needs most, in elements.
    std::size_t scratch_size() const { return scratch_size_; }
    /// The backend's memory for the largest product, in elements.
    std::size_t product_size() const { return product_size_; }

private:
    using Function = void (*)(OpContext<B>&, const std::byte*);
    struct Functions {
        Function forward, backward; // backward: null if the operation has none
        std::size_t size;           // of the operation
    };
    struct Record {
        static constexpr std::size_t capacity = 368;
        const Functions* functions = nullptr;
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
    template <class Operation, bool has_backward>
    static constexpr Functions functions{run_forward<Operation>, backward_of<Operation, has_backward>(),
                                         sizeof(Operation)};
    Record& next() {
        if (size_ == records_.size()) records_.resize(std::max<std::size_t>(16, 2 * size_));
        return records_[size_++];
    }
    template <class F>
    void declare(const F& take) {
        Scratch<B> counted;
        take(counted);
        scratch_size_ = (std::max)(scratch_size_, counted.used());
        product_size_ = (std::max)(product_size_, counted.product_size());
    }

    std::vector<Record> records_;
    std::size_t size_ = 0, scratch_size_ = 0, product_size_ = 0;
    bool reads_host_ = false;
};

} // namespace rondo
