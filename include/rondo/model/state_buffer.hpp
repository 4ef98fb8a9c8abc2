// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"

#include <cassert>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The part of BatchState that does not depend on the network's type.
template <Backend B>
class StateBuffer {
public:
    using scalar = typename B::scalar;

    StateBuffer(std::size_t size_per_sequence, int batch)
        : per_sequence_{size_per_sequence}, batch_{batch}, buffer_(size_per_sequence * std::size_t(batch)) {}
    StateBuffer(const StateBuffer&) = default;
    StateBuffer(StateBuffer&&) noexcept = default;
    bool operator==(const StateBuffer&) const = default;

    void reset() { buffer_.assign(size(), scalar(0)); }
    /// Zeros for `batch` sequences.
    ///
    /// Memory  allocated if there are more than before.
    void reset(int batch) {
        batch_ = batch;
        buffer_.assign(per_sequence_ * std::size_t(batch), scalar(0));
    }
    /// Exchanges the states of the same network.
    void swap(StateBuffer& other) noexcept {
        assert(per_sequence_ == other.per_sequence_);
        std::swap(batch_, other.batch_);
        std::swap(buffer_, other.buffer_);
    }
    int batch() const { return batch_; }
    std::size_t size() const { return buffer_.size(); }
    std::vector<scalar> values() const {
        std::vector<scalar> host(size());
        B::download(host.data(), data(), size());
        return host;
    }
    /// Errors  a vector of another size.
    void assign(const std::vector<scalar>& host) {
        if (host.size() != size())
            fail(Error::Kind::argument, "rondo::BatchState: expected " + std::to_string(size()) + " numbers, got " +
                                            std::to_string(host.size()));
        B::upload(buffer_, host.data(), host.size());
    }
    scalar* data() { return B::data(buffer_); }
    const scalar* data() const { return B::data(buffer_); }

protected: // by a derived class only: states of two networks do not mix
    StateBuffer& operator=(const StateBuffer&) = default;
    StateBuffer& operator=(StateBuffer&&) noexcept = default;

private:
    std::size_t per_sequence_;
    int batch_;
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo::detail
