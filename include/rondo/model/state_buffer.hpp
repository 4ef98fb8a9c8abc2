// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The states of any network for `batch` sequences.
template <Backend B>
class StateBuffer {
public:
    using scalar = typename B::scalar;

    StateBuffer(std::size_t size_per_sequence, int batch)
        : per_sequence_{size_per_sequence}, batch_{batch}, buffer_(size_per_sequence * std::size_t(batch)) {}
    bool operator==(const StateBuffer&) const = default;

    void reset() { buffer_.assign(size(), scalar(0)); }
    /// Zeros for another number of sequences.
    void resize(int batch) { *this = StateBuffer{per_sequence_, batch}; }
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

private:
    std::size_t per_sequence_;
    int batch_;
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo
