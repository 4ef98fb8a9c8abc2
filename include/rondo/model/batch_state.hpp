// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../layer/network.hpp"
#include "default_backend.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The states of a network's recurrent layers for `batch` sequences, which persist between forward passes. A regular
/// value: copy it to save it, assign it to restore it.
///
/// Shapes  for each recurrent layer, in the network's order: each component, layers * directions x batch x Hidden.
/// Memory  allocated by the constructor; none later.
template <class Net, Backend B>
class BatchState {
public:
    using scalar = typename B::scalar;
    static constexpr std::size_t size_per_sequence = detail::state_size<Net>;

    explicit BatchState(int batch = 1) : batch_{batch}, buffer_(size_per_sequence * std::size_t(batch)) {}
    bool operator==(const BatchState&) const = default;

    void reset() { buffer_.assign(size(), scalar(0)); }
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
    int batch_;
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo
