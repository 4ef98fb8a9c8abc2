// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The part of Model that does not depend on the network's type: elements of one flat buffer, padding included.
template <Backend B>
class ParameterBuffer {
public:
    using scalar = typename B::scalar;

    /// `size` zeros.
    explicit ParameterBuffer(std::size_t size) : size_{size} { assign(std::vector<scalar>(size)); }
    explicit ParameterBuffer(const std::vector<scalar>& host) : size_{host.size()} { assign(host); }
    ParameterBuffer(const ParameterBuffer&) = default;
    ParameterBuffer(ParameterBuffer&&) noexcept = default;
    bool operator==(const ParameterBuffer&) const = default;

    /// Elements of the buffer, padding included.
    std::size_t count() const { return size_; }
    scalar* data() { return B::data(buffer_); }
    const scalar* data() const { return B::data(buffer_); }

    /// Copies all parameters to the host, padding included.
    std::vector<scalar> values() const {
        std::vector<scalar> host(size_);
        B::download(host.data(), data(), size_);
        return host;
    }
    /// Copies all parameters from the host.
    ///
    /// Errors  a vector of another size.
    void assign(const std::vector<scalar>& host) {
        if (host.size() != size_)
            fail(Error::Kind::argument,
                 "rondo::Model: expected " + std::to_string(size_) + " numbers, got " + std::to_string(host.size()));
        B::upload(buffer_, host.data(), size_);
    }
    /// Exchanges the elements with those of a buffer of the same size.
    void swap(typename B::template buffer<scalar>& other) noexcept { std::swap(buffer_, other); }

protected: // by a derived class only: models of two networks do not mix
    ParameterBuffer& operator=(const ParameterBuffer&) = default;
    ParameterBuffer& operator=(ParameterBuffer&&) noexcept = default;

private:
    std::size_t size_;
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo::detail
