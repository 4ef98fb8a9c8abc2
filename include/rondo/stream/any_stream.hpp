// SPDX-License-Identifier: MIT
#pragma once

#include "stream.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The type-erased interface of a stream: one virtual call a block.
template <class Input, class S>
class SomeStream {
public:
    virtual ~SomeStream() = default;
    virtual void process(std::span<const Input> in, std::span<S> out) noexcept = 0;
    virtual void reset() noexcept = 0;
    virtual std::unique_ptr<SomeStream> copy() const = 0;
};

template <class Net, Backend B, class W>
class StreamOf final : public SomeStream<typename Stream<Net, B, W>::input, typename B::scalar> {
public:
    using S = typename B::scalar;
    using Input = typename Stream<Net, B, W>::input;
    using Weights = std::shared_ptr<const Packed<Net, B, W>>;
    static constexpr std::size_t input_size = Stream<Net, B, W>::inputs_size;
    static constexpr std::size_t output_size =
        decltype(std::declval<Stream<Net, B, W>&>().step(std::declval<std::span<const Input, input_size>>()))::extent;

    StreamOf(Weights weights, const State<Net, S>& rest)
        : weights_{std::move(weights)}, stream_{*weights_}, rest_{rest} {
        reset();
    }
    void process(std::span<const Input> in, std::span<S> out) noexcept override { stream_.process(in, out); }
    void reset() noexcept override { stream_.reset(rest_); }
    std::unique_ptr<SomeStream<Input, S>> copy() const override { return std::make_unique<StreamOf>(*this); }

private:
    Weights weights_; // declared before the stream, which points to them
    Stream<Net, B, W> stream_;
    State<Net, S> rest_;
};
}

/// A stream of a network that is selected at run time: its type depends only on the types of inputs and outputs. Copies
/// share the weights, which are const; use one copy for each thread.
///
/// A copy continues from the same state; another() begins at the rest state. A default-constructed stream has sizes of
/// 0, and process does nothing.
///
/// Shapes  `in` has steps x input_size() numbers, or tokens; `out` steps x output_size(). They may be the same memory
///         if output_size() is not larger than input_size().
/// Errors  those of Stream: none in process.
/// Memory  the weights, packed once; a state and one step's values for each stream, allocated by construction and copy.
///         process and reset allocate nothing.
template <class Input, class S>
class BasicAnyStream {
public:
    using input = Input;
    using scalar = S;

    BasicAnyStream() = default;
    /// Packs a model's weights; the model need not outlive the stream.
    template <class Net, Backend B>
    [[gnu::cold]] explicit BasicAnyStream(const Model<Net, B>& model, const State<Net, S>& rest = {})
        : BasicAnyStream{std::make_shared<const Packed<Net, B>>(model), rest} {}
    /// Uses weights that are already packed. reset() restores `rest`.
    template <class Net, Backend B, class W>
    [[gnu::cold]] explicit BasicAnyStream(std::shared_ptr<const Packed<Net, B, W>> weights,
                                          const State<Net, S>& rest = {})
        : stream_{std::make_unique<detail::StreamOf<Net, B, W>>(std::move(weights), rest)},
          input_size_{detail::StreamOf<Net, B, W>::input_size}, output_size_{detail::StreamOf<Net, B, W>::output_size} {
    }

    BasicAnyStream(const BasicAnyStream& other)
        : stream_{other.stream_ ? other.stream_->copy() : nullptr}, input_size_{other.input_size_},
          output_size_{other.output_size_} {}
    BasicAnyStream(BasicAnyStream&& other) noexcept { swap(other); }
    BasicAnyStream& operator=(BasicAnyStream other) noexcept {
        swap(other);
        return *this;
    }

    /// A stream for another sequence, with the same weights.
    BasicAnyStream another() const {
        BasicAnyStream fresh{*this};
        fresh.reset();
        return fresh;
    }

    explicit operator bool() const noexcept { return stream_ != nullptr; }
    std::size_t input_size() const noexcept { return input_size_; }
    std::size_t output_size() const noexcept { return output_size_; }

    void process(const Input* in, S* out, std::size_t steps) noexcept {
        if (stream_) stream_->process({in, steps * input_size_}, {out, steps * output_size_});
    }
    void reset() noexcept {
        if (stream_) stream_->reset();
    }

private:
    void swap(BasicAnyStream& other) noexcept {
        stream_.swap(other.stream_);
        std::swap(input_size_, other.input_size_);
        std::swap(output_size_, other.output_size_);
    }

    std::unique_ptr<detail::SomeStream<Input, S>> stream_;
    std::size_t input_size_ = 0, output_size_ = 0;
};
template <class Net, Backend B>
BasicAnyStream(const Model<Net, B>&) -> BasicAnyStream<typename Stream<Net, B>::input, typename B::scalar>;
template <class Net, Backend B, class W>
BasicAnyStream(std::shared_ptr<const Packed<Net, B, W>>)
    -> BasicAnyStream<typename Stream<Net, B, W>::input, typename B::scalar>;

/// Streams of features, or of tokens, in float.
using AnyStream = BasicAnyStream<float, float>;
using AnyTokenStream = BasicAnyStream<int, float>;

} // namespace rondo
