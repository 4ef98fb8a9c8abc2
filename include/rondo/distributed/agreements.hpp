// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/shards.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// What the ranks of a training run decide together, in terms of the collective calls of a communicator. The functions
/// are virtual so that only programs with a communicator compile them.
class Agreements {
public:
    Agreements() = default;
    Agreements(const Agreements&) = delete;
    Agreements& operator=(const Agreements&) = delete;
    virtual ~Agreements() = default;

    virtual int rank() const = 0;
    virtual int size() const = 0;
    virtual Error all_gather(std::span<std::byte> blocks) = 0;
    virtual Error gather(std::span<const std::byte> own, std::span<const std::span<std::byte>> to) = 0;
    virtual Error broadcast(std::span<std::byte> bytes) = 0;
    virtual Error barrier() = 0;
    virtual Error fail(const Error& error) = 0;

    /// Tells the others of an error of this rank, with what it was doing; returns what all ranks know then.
    virtual Error tell(Error error, const std::string& place) {
        if (!error) return error;
        if (!error.message.starts_with("rondo: rank ")) // else it is one that all have, or were told
            error.message = "rondo: rank " + std::to_string(rank()) + ": " + place + error.message;
        return fail(error);
    }
    /// Whether all ranks say so.
    virtual Error agree(bool& mine) {
        answers_.resize(std::size_t(size()));
        answers_[std::size_t(rank())] = std::byte(mine);
        Error error = all_gather(answers_);
        mine = std::find(answers_.begin(), answers_.end(), std::byte{0}) == answers_.end();
        return error;
    }
    /// The numbers of rank 0.
    virtual Error lead(std::span<double> numbers) { return broadcast(std::as_writable_bytes(numbers)); }
    /// The error of rank 0, or none.
    virtual Error lead(Error mine) {
        Told told{std::int32_t(mine.kind), {}};
        std::copy_n(mine.message.data(), (std::min)(mine.message.size(), sizeof told.message - 1), told.message);
        if (Error lost = broadcast(std::as_writable_bytes(std::span{&told, 1}))) return lost;
        if (rank() > 0) mine = {Error::Kind(told.kind), told.message};
        return mine;
    }
    /// The sum over ranks of numbers whose sums are exact, such as counts.
    virtual Error add(double& number) {
        numbers_.resize(std::size_t(size()));
        numbers_[std::size_t(rank())] = number;
        Error error = all_gather(std::as_writable_bytes(std::span{numbers_}));
        number = 0;
        for (const double one : numbers_) number += one;
        return error;
    }
    /// An error if numbers of this rank are not those of rank 0.
    virtual Error same(const char* what, std::span<const std::uint64_t> mine, std::span<const char* const> names) {
        std::vector<std::uint64_t> first(mine.begin(), mine.end());
        if (Error error = broadcast(std::as_writable_bytes(std::span{first}))) return error;
        for (std::size_t k = 0; k < mine.size(); ++k)
            if (first[k] != mine[k])
                return tell({Error::Kind::mismatch, std::string{what} + ": " + names[k] +
                                                        ": expected that of rank 0, " + std::to_string(first[k]) +
                                                        ", got " + std::to_string(mine[k])},
                            {});
        return barrier();
    }
    /// Of ranks that each have found something, or nothing: the one whose loss is not finite, or the first that has
    /// found something. `what` becomes what it has found, after its name.
    virtual Error find_rank(const Shards& shards, const double* losses, std::string& where, std::string& what) {
        constexpr std::size_t most = 240;
        std::vector<char> texts(std::size_t(size()) * most, '\0');
        std::copy_n(what.data(), (std::min)(what.size(), most - 1), texts.data() + std::size_t(rank()) * most);
        if (Error error = all_gather(std::as_writable_bytes(std::span{texts}))) return error;
        const auto text = [&](int r) { return std::string{texts.data() + std::size_t(r) * most}; };
        int found = -1;
        for (int r = size() - 1; r >= 0; --r) {
            const Shards own = shards.part(r, size());
            for (int s = own.first; s < own.last; ++s)
                if (!std::isfinite(losses[s])) found = r;
        }
        for (int r = 0; found < 0 && r < size(); ++r)
            if (!text(r).empty()) found = r;
        if (found >= 0) where = "rondo: rank " + std::to_string(found) + ": ";
        what = found >= 0 ? text(found) : std::string{};
        return {};
    }
    /// Completes rank 0's persistent states, of which each rank has the sequences of its shards.
    ///
    /// Shapes  states: for each width, so many bytes of each sequence
    virtual Error gather_states(const Shards& all, std::span<const std::size_t> widths, std::span<std::byte> states) {
        std::size_t width = 0;
        for (const std::size_t one : widths) width += one;
        const auto copy = [&](const Shards& part, std::vector<std::byte>& packed, bool pack) {
            std::size_t at = 0, to = 0;
            for (const std::size_t one : widths) {
                std::byte* const there = states.data() + at * std::size_t(all.batch) + std::size_t(part.begin()) * one;
                const std::size_t count = std::size_t(part.sequences()) * one;
                if (count > 0 && pack) std::memcpy(packed.data() + to, there, count);
                if (count > 0 && !pack) std::memcpy(there, packed.data() + to, count);
                at += one;
                to += count;
            }
        };
        std::vector<std::vector<std::byte>> parts(static_cast<std::size_t>(size()));
        std::vector<std::span<std::byte>> to;
        for (int r = 0; r < size(); ++r) {
            auto& part = parts[std::size_t(r)];
            if (rank() == 0 || r == rank()) part.resize(std::size_t(all.part(r, size()).sequences()) * width);
            to.emplace_back(part);
        }
        std::vector<std::byte>& own = parts[std::size_t(rank())];
        copy(all.part(rank(), size()), own, true);
        if (Error error = gather(own, to)) return error;
        for (int r = 1; rank() == 0 && r < size(); ++r) copy(all.part(r, size()), parts[std::size_t(r)], false);
        return {};
    }

private:
    struct Told {
        std::int32_t kind;
        char message[2000];
    };
    std::vector<double> numbers_; // of each rank
    std::vector<std::byte> answers_;
};

} // namespace rondo::detail
