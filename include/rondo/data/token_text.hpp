// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A text that is not in memory, such as an io::TokenFile: `copy` copies the tokens from `first` on.
template <class T>
concept TokenSource = requires(T& text, std::size_t first, std::span<int> to) {
    { text.size() } -> std::convertible_to<std::size_t>;
    text.copy(first, to);
};

/// A text of tokens: in memory, or of a TokenSource. It refers to the tokens, which must outlive it.
class TokenText {
public:
    template <std::convertible_to<std::span<const int>> Text>
    TokenText(const Text& text) : memory_{text}, size_{memory_.size()} {}
    TokenText(std::vector<int>&&) = delete; // the tokens must outlive this
    template <TokenSource Text>
        requires (!std::same_as<std::remove_const_t<Text>, TokenText>)
    TokenText(Text& text)
        : source_{&text}, copy_{[](void* source, std::size_t first, std::span<int> to) {
              static_cast<Text*>(source)->copy(first, to);
          }},
          size_{text.size()} {}

    std::size_t size() const { return size_; }
    bool in_memory() const { return !source_; }
    /// The `count` tokens from `first` on.
    ///
    /// Errors  argument: tokens that there are not.
    TokenText part(std::size_t first, std::size_t count) const {
        if (first > size_ || count > size_ - first)
            fail(Error::Kind::argument, "rondo::TokenText: expected a part of " + std::to_string(size_) +
                                            " tokens, got " + std::to_string(count) + " from " + std::to_string(first) +
                                            " on");
        TokenText all = *this;
        all.first_ += first;
        all.size_ = count;
        return all;
    }
    /// Copies the tokens from `first` on, which there are.
    ///
    /// Errors  those of the source.
    void copy(std::size_t first, std::span<int> to) const {
        if (source_) copy_(source_, first_ + first, to);
        else std::copy_n(memory_.begin() + std::ptrdiff_t(first_ + first), to.size(), to.begin());
    }

private:
    std::span<const int> memory_{};
    void* source_ = nullptr;
    void (*copy_)(void*, std::size_t, std::span<int>) = nullptr;
    std::size_t first_ = 0, size_ = 0;
};

} // namespace rondo
