// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"
#include "layer_context.hpp"
#include "of_streams.hpp"
#include "step_context.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {

/// A network that passes a batch of streams on to its layers.
template <class Layer>
concept PassesStreams = requires { Layer::layer_count; } && !requires { Layer::frame_steps; };

/// Whether a layer's result for one stream can be a column of that for several.
template <class Y> inline constexpr bool is_view = false;
template <class S, int Rows> inline constexpr bool is_view<SequenceView<S, Rows>> = true;

/// One stream's steps of a batch of streams; a copy if they are not adjacent.
template <class S, int Rows>
SequenceView<const std::remove_const_t<S>, Rows> steps_of_stream(const auto& run, const SequenceView<S, Rows>& x,
                                                                 int stream) {
    using Value = std::remove_const_t<S>;
    const Extent& e = x.extent;
    if (e.steps == 1) return {x.value + std::size_t(stream) * Rows, nullptr, {1, 1}};
    static_assert(sizeof(Value) <= sizeof(*run.take(0)));
    Value* const to = reinterpret_cast<Value*>(run.take(std::size_t(e.steps) * Rows));
    if constexpr (!std::remove_reference_t<decltype(run)>::dry())
        for (int t = 0; t < e.steps; ++t)
            std::copy_n(x.value + (std::size_t(t) * std::size_t(e.batch) + std::size_t(stream)) * Rows, Rows,
                        to + std::size_t(t) * Rows);
    return {to, nullptr, {e.steps, 1}};
}

/// Calls a layer for one stream after another.
template <class Layer, class Run, class First, class... Rest>
auto forward_each_stream(Run& run, const First& first, const Rest&... rest) {
    static_assert((is_view<First> && ... && is_view<Rest>),
                  "rondo::Streams: a layer in streams takes values only, no states");
    const int streams = first.extent.batch;
    const auto one = [&](auto& memory, int stream) {
        auto alone = run.alone(memory, stream);
        return Layer::forward(alone, steps_of_stream(alone, first, stream), steps_of_stream(alone, rest, stream)...);
    };
    auto memory = run.memory();
    memory.values_size = 0;
    const std::size_t before = memory.values.used();
    const auto y0 = one(memory, 0);
    using Y = std::remove_const_t<decltype(y0)>;
    static_assert(is_view<Y>, "rondo::Streams: a layer's result in streams is one value, neither states nor gates");
    if constexpr (Run::dry()) run.measured(memory.values_size, memory.product_size);
    run.memory().values = memory.values; // which keeps y0
    const auto y = run.template make<Y::rows>({y0.extent.steps, streams});
    if constexpr (Run::dry()) {
        run.measured(run.memory().values.used() + (memory.values_size - before), 0);
    } else {
        const auto copy = [&](const Y& of, int stream) {
            for (int t = 0; t < of.extent.steps; ++t)
                std::copy_n(of.value + std::size_t(t) * Y::rows, Y::rows,
                            y.value + (std::size_t(t) * std::size_t(streams) + std::size_t(stream)) * Y::rows);
        };
        copy(y0, 0);
        for (int stream = 1; stream < streams; ++stream) {
            auto again = run.memory();
            copy(one(again, stream), stream);
        }
    }
    return y;
}

} // namespace detail

/// One step of several streams with the same weights. Networks are called once, with a batch; so are layers that have a
/// forward for OfStreams. Other layers are called for one stream after another. Either way a stream's results have the
/// bits of a stream alone.
template <Backend B, class Kernels, bool is_dry = false, bool has_multiple_steps = false>
class StreamsContext : public StepContext<B, Kernels, is_dry, has_multiple_steps> {
public:
    using one_stream = StepContext<B, Kernels, is_dry, has_multiple_steps>;
    using one_stream::one_stream;
    template <class K>
    auto with() const {
        return StreamsContext<B, K, is_dry, has_multiple_steps>{*this->memory_};
    }

    template <class Layer>
    static auto forward_layer(auto& run, const auto&... values) {
        if constexpr (detail::PassesStreams<Layer>) return Layer::forward(run, values...);
        else if constexpr (requires { Layer::forward(OfStreams{}, run, values...); })
            return Layer::forward(OfStreams{}, run, values...);
        else return detail::forward_each_stream<Layer>(run, values...);
    }
    StepMemory<B>& memory() const { return *this->memory_; }
    /// The largest memory that a dry step needs.
    void measured(std::size_t values, std::size_t product) const {
        this->memory_->values_size = (std::max)(this->memory_->values_size, values);
        this->memory_->product_size = (std::max)(this->memory_->product_size, product);
    }
};

} // namespace rondo
