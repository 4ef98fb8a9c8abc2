// SPDX-License-Identifier: MIT
#pragma once

#include "stream.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// A stream whose kernels note the ranges of what they multiply.
template <class Net, Backend B, class W>
class NotingStream {
    using One = Stream<Net, B, W>;

public:
    explicit NotingStream(const Packed<Net, B, W>& weights)
        : weights_{&weights}, values_(One::values_size()), inputs_(padded(One::inputs_size)) {}

    void step(const typename One::input* x) {
        using Step = StepContext<B, typename One::kernels::noting, false, (One::stride > 1)>;
        StepMemory<B> memory{.backend = &backend_,
                             .values = {values_.data(), values_.size()},
                             .persistent_state = state_.numbers().data(),
                             .packed = weights_->data()};
        std::copy_n(x, One::inputs_size, inputs_.data());
        LayerContext<Net, Step> scope{Step{memory}, nullptr, {}};
        Net::forward(
            scope, SequenceView<const typename One::input, One::input_size>{inputs_.data(), nullptr, {One::stride, 1}});
    }
    void reset() { state_ = {}; }

private:
    const Packed<Net, B, W>* weights_;
    State<Net, typename B::scalar> state_;
    Buffer<typename B::scalar> values_;
    Buffer<typename One::input> inputs_;
    [[no_unique_address]] B backend_;
};
}

/// Sets the ranges over which weights in int8 quantize what they multiply, to the largest magnitudes that occur in
/// these sequences, each of which starts from zero. Without it, each step has the range of its own inputs, which is
/// more accurate; with it, an input of another magnitude changes no other element's integers, larger ones are clamped,
/// and a step saves the search for the largest. States of LSTM, GRU and RNN have the range [-1, 1] either way.
///
///   calibrate(weights, std::array{std::span<const float>{first}, std::span<const float>{second}});
///
/// Further calls extend the ranges; repack removes them.
///
/// Memory  one step's values, while it runs. No stream may step meanwhile.
template <class Net, Backend B, class W, class Sequences>
    requires requires { typename Packed<Net, B, W>::kernels::noting; }
void calibrate(Packed<Net, B, W>& weights, const Sequences& sequences) {
    using One = Stream<Net, B, W>;
    detail::NotingStream<Net, B, W> stream{weights};
    for (const auto& sequence : sequences) {
        const std::span<const typename One::input> x{sequence};
        stream.reset();
        for (std::size_t at = 0; at + One::inputs_size <= x.size(); at += One::inputs_size) stream.step(x.data() + at);
    }
}

} // namespace rondo
