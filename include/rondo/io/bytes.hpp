// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// An owned, movable block of bytes of fixed size; moving does not change its address.
///
/// Errors  empty if the allocation fails, so that a size read from a file cannot terminate the program.
class Bytes {
public:
    Bytes() = default;
    /// `size` uninitialized bytes.
    explicit Bytes(std::size_t size) noexcept : data_{new (std::nothrow) std::byte[size]}, size_{data_ ? size : 0} {}
    Bytes(Bytes&& other) noexcept : data_{std::move(other.data_)}, size_{std::exchange(other.size_, 0)} {}
    Bytes& operator=(Bytes&& other) noexcept {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    std::byte* data() noexcept { return data_.get(); }
    const std::byte* data() const noexcept { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    std::byte* begin() noexcept { return data(); }
    std::byte* end() noexcept { return data() + size_; }
    const std::byte* begin() const noexcept { return data(); }
    const std::byte* end() const noexcept { return data() + size_; }

private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
};

} // namespace rondo::io
