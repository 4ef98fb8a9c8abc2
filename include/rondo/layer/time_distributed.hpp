// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/text.hpp"
#include "../core/view.hpp"
#include "../op/pad_columns.hpp"
#include "../op/unflatten.hpp"
#include "sequential.hpp"

#include <algorithm>
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
///         the valid frames, one sequence each, (In x Steps N), and reduce each to one step.
/// Errors  a result of several steps. With dropout inside, masks depend on the number of shards.
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
        using Run = std::remove_reference_t<decltype(run)>;
        const Extent& e = x.extent;
        auto inside = run.framed();
        if constexpr (frames_of_stream<Run>) { // whose kernels are those of one sequence
            const auto y = run.template make<output_size>(e);
            for (std::size_t n = 0; n < e.columns(); ++n) {
                const auto of_frame = one_step(Frame::forward(
                    inside, SequenceView<const S, frame_size>{x.value + n * input_size, nullptr, {Steps, 1}}));
                if constexpr (!Run::dry()) std::copy_n(of_frame.value, output_size, y.value + n * output_size);
            }
            return y;
        } else {
            auto y = one_step(Frame::forward(inside, sequences(run, x)));
            if constexpr (!Run::packed)
                if (e.lengths) {
                    const auto padded = run.template make<output_size>(e);
                    run.execute(PadColumns<std::remove_const_t<S>>{y, padded});
                    return padded;
                }
            y.extent = e; // frame t B + b is the result's column of that number
            return y;
        }
    }

private:
    // Whether a stream's step has several frames.
    template <class Run>
    static constexpr bool frames_of_stream = [] {
        if constexpr (Run::packed) return Run::multiple_steps;
        else return false;
    }();
    static auto one_step(const auto& y) {
        if (y.extent.steps != 1)
            fail(Error::Kind::argument, "rondo::TimeDistributed: expected layers that reduce a frame of " +
                                            std::to_string(Steps) + " steps to one, got " +
                                            std::to_string(y.extent.steps));
        return y;
    }
    // The valid frames, each a sequence.
    template <class S>
    static SequenceView<const std::remove_const_t<S>, frame_size> sequences(auto& run,
                                                                            const SequenceView<S, input_size>& x) {
        using Scalar = std::remove_const_t<S>;
        if (x.extent.columns() == 1 && !x.extent.lengths)
            return {x.value, x.gradient, {Steps, 1}}; // the same numbers in the same order
        std::size_t frames = 0;
        for_each_valid_range(x.extent, [&](std::size_t, std::size_t count) { frames += count; });
        // Parts of a batch draw from different columns.
        SequenceView<Scalar, frame_size> z{
            nullptr, nullptr, {Steps, int(frames), nullptr, 0, x.extent.first_column * x.extent.steps}};
        z.value = run.take(z.size());
        if (x.gradient) z.gradient = run.take_zeros(z.size());
        run.execute(Unflatten<Scalar>{x, z});
        return z;
    }
};

} // namespace rondo
