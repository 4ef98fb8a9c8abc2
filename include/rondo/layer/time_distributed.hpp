// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/text.hpp"
#include "../core/view.hpp"
#include "../op/unflatten.hpp"
#include "sequential.hpp"

#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Applies layers to each step of a sequence by itself, where a step's features are a sequence of their own: Steps
/// steps, a frame of sound for example. Its layers begin anew at each step, and may read to the frame's end: padding on
/// both sides, pooling and bidirectional layers are allowed in a stream, too, whose step is a frame.
///
///   y(t) = the layers' result for the sequence x(t)                           (1)
///
/// Shapes  x (Steps In x T B), the first In features a frame's first step -> y (Out x T B). The layers see a batch of
///         T B sequences (In x Steps T B), and reduce each to one step.
/// Units   frames of padding are frames of no steps: they change the layers' batch size, so padding may change the
///         order of sums, and with it the last bits of gradients.
/// Errors  a result of several steps. With dropout inside, masks depend on the number of threads.
/// Source  Keras' TimeDistributed.
template <int Steps, class... Layers>
    requires (Steps > 0)
struct TimeDistributed : Sequential<Layers...> {
    using Frame = Sequential<Layers...>;
    static constexpr LayerKind kind = LayerKind::other;
    static constexpr bool layers_in_order = false; // not of the network's own steps
    static constexpr int frame_steps = Steps, frame_size = Frame::input_size;
    static constexpr int input_size = Steps * frame_size, output_size = Frame::output_size;
    static constexpr int stride = 1, vocabulary = 0;
    static constexpr std::size_t state_size = 0, stream_size = 0;
    static constexpr Label describe() { return Label{"TimeDistributed, frames of "}.add(Steps).add(" steps"); }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, input_size>& x) {
        const Extent& e = x.extent;
        const int frames = e.steps * e.batch;
        auto inside = run.framed();
        auto y = Frame::forward(inside, sequences(run, x, frames));
        if (y.extent.steps != 1)
            fail(Error::Kind::argument, "rondo::TimeDistributed: expected layers that reduce a frame of " +
                                            std::to_string(Steps) + " steps to one, got " +
                                            std::to_string(y.extent.steps));
        y.extent = e; // column t B + b of both
        return y;
    }

private:
    template <class S>
    static SequenceView<const std::remove_const_t<S>, frame_size>
    sequences(auto& run, const SequenceView<S, input_size>& x, int frames) {
        using Scalar = std::remove_const_t<S>;
        const Extent& e = x.extent;
        if (frames == 1 && !e.lengths) return {x.value, x.gradient, {Steps, 1}}; // the same numbers in the same order
        int* lengths = nullptr;
        if constexpr (!std::remove_reference_t<decltype(run)>::packed)
            if (e.lengths) {
                lengths = run.take_lengths(frames);
                for (int n = 0; n < frames; ++n) lengths[n] = e.active(n / e.batch, n % e.batch) ? Steps : 0;
            }
        SequenceView<Scalar, frame_size> z{nullptr, nullptr, {Steps, frames, lengths}};
        z.value = run.take(z.size());
        if (x.gradient) z.gradient = run.take_zeros(z.size());
        run.execute(Unflatten<Scalar>{x, z});
        return z;
    }
};

} // namespace rondo
