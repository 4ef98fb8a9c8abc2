// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/shards.hpp"
#include "../distributed/communicator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Calls work(); if it throws, calls `before` and rethrows.
template <class Work, class Before>
void or_first(const Work& work, [[maybe_unused]] const Before& before) {
#if defined(__cpp_exceptions)
    try {
        work();
    } catch (...) {
        before();
        std::rethrow_exception(std::current_exception()); // unchanged
    }
#else
    work();
#endif
}

/// The exception being handled, as an Error.
inline Error current_error() noexcept {
#if defined(__cpp_exceptions)
    return caught();
#else
    return {};
#endif
}

/// The ranks of a training run, as a trainer and the loop of fit see them: one process decides by itself.
class Ranks {
public:
    explicit Ranks(AnyCommunicator* communicator)
        : communicator_{communicator && communicator->size() > 1 ? communicator : nullptr} {}
    explicit operator bool() const { return communicator_ != nullptr; }
    AnyCommunicator& communicator() const { return *communicator_; }
    int rank() const { return communicator_ ? communicator_->rank() : 0; }
    int count() const { return communicator_ ? communicator_->size() : 1; }
    /// This rank's part of a batch's shards.
    Shards part(const Shards& all) const { return all.part(rank(), count()); }

    /// Whether all ranks say so; what rank 0 says.
    bool agree(bool mine) const {
        if (communicator_) (check)(communicator_->agree(mine));
        return mine;
    }
    bool lead(bool mine) const {
        double number = mine;
        if (communicator_) (check)(communicator_->lead(std::span{&number, 1}));
        return number > 0;
    }
    /// Calls work(error) on rank 0; its error is everybody's.
    template <class Work>
    Error first(const Work& work) const {
        Error error;
        if (rank() == 0) no_throw(error, [&] { work(error); });
        return communicator_ ? communicator_->lead(std::move(error)) : error;
    }
    /// Fails if numbers of this rank are not those of rank 0.
    void same(const char* what, std::span<const std::uint64_t> mine, std::span<const char* const> names) const {
        if (communicator_) (check)(communicator_->same(what, mine, names));
    }
    /// Calls work(); an exception reaches all ranks, with one message for all.
    template <class Work>
    void all_or_none(const Work& work) const {
        if (!communicator_) return work();
        or_first(work, [&] {
            const Error error = current_error(), told = communicator_->tell(error, {});
            if (is_failure()) (check)(told);
        });
    }

private:
    // Whether the exception being handled is a Failure.
    static bool is_failure() noexcept {
#if defined(__cpp_exceptions)
        try {
            std::rethrow_exception(std::current_exception());
        } catch (const Failure&) {
            return true;
        } catch (...) {}
#endif
        return false;
    }
    AnyCommunicator* communicator_;
};

} // namespace rondo::detail
