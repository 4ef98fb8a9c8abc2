// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <vector>

namespace rondo::inline v0_1 {

/// What a forward did, in order, so that its backward is the same in reverse: one record of fixed size an operation.
///
/// Memory  room for the records is taken by reserve; recording and replaying take none.
template <class Execution>
class Tape {
public:
    void reserve(std::size_t records) {
        if (records > records_.size()) records_.resize(records);
    }
    void clear() { used_ = 0; }

    template <class Operation>
    void record(Execution&, const Operation& operation) {
        static_assert(std::is_trivially_copyable_v<Operation> && sizeof(Operation) <= Record::capacity);
        Record& record = records_[used_++];
        ::new (static_cast<void*>(record.operation)) Operation{operation};
        record.backward = [](Execution& execution, const std::byte* bytes) {
            std::launder(reinterpret_cast<const Operation*>(bytes))->backward(execution);
        };
    }
    void replay(Execution& execution) {
        while (used_ > 0) {
            const Record& record = records_[--used_];
            record.backward(execution, record.operation);
        }
    }

private:
    struct Record {
        static constexpr std::size_t capacity = 384;
        void (*backward)(Execution&, const std::byte*) = nullptr;
        alignas(std::max_align_t) std::byte operation[capacity]{};
    };
    std::vector<Record> records_;
    std::size_t used_ = 0;
};

/// A tape that keeps nothing: it runs each backward at once, so that a measuring backend sees it, and counts.
template <class Execution>
class MeasuringTape {
public:
    template <class Operation>
    void record(Execution& execution, const Operation& operation) {
        operation.backward(execution);
        ++count_;
    }
    std::size_t count() const { return count_; }

private:
    std::size_t count_ = 0;
};

} // namespace rondo
