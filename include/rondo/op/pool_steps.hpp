// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The steps of one sequence's features: element (k, t) is at from + t * stride + k.
template <class S>
struct PooledSteps {
    const int* lengths; // (B); null: all `steps`
    std::size_t steps, rows, batch;

    RONDO_HOST_DEVICE std::size_t length(std::size_t b) const { return lengths ? std::size_t(lengths[b]) : steps; }
    RONDO_HOST_DEVICE std::size_t at(std::size_t b, std::size_t t) const { return (t * batch + b) * rows; }
};
/// y = the mean of x's valid steps
template <class S>
struct MeanOfSteps : PooledSteps<S> {
    const S* x; // (rows x T B)
    S* y;       // (rows x B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        const std::size_t length = this->length(b);
        const P inverse(length > 0 ? S(1) / S(length) : S(0));
        for_each_pack<P>(this->rows, [&](PartialPack<P> part, std::size_t k) {
            P sum(S(0));
            for (std::size_t t = 0; t < length; ++t) sum = sum + part.load(x + this->at(b, t) + k);
            part.store(y + b * this->rows + k, sum * inverse);
        });
    }
};
template <class S>
struct MeanOfStepsGradient : PooledSteps<S> {
    const S* dy; // (rows x B)
    S* dx;       // (rows x T B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        const std::size_t length = this->length(b);
        const P inverse(length > 0 ? S(1) / S(length) : S(0));
        for_each_pack<P>(this->rows, [&](PartialPack<P> part, std::size_t k) {
            const P each = part.load(dy + b * this->rows + k) * inverse;
            for (std::size_t t = 0; t < length; ++t) {
                S* const to = dx + this->at(b, t) + k;
                part.store(to, part.load(to) + each);
            }
        });
    }
};
/// y = the maximum of x's valid steps; NaN if one of them is NaN; 0 if there is none.
template <class S>
struct MaxOfSteps : PooledSteps<S> {
    const S* x; // (rows x T B)
    S* y;       // (rows x B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        const std::size_t length = this->length(b);
        for_each_pack<P>(this->rows, [&](PartialPack<P> part, std::size_t k) {
            P most(S(0));
            if (length > 0) most = part.load(x + b * this->rows + k);
            for (std::size_t t = 1; t < length; ++t) {
                const P next = part.load(x + this->at(b, t) + k);
                most = math::select(next > most, next, math::select(next <= most, most, next + most));
            }
            part.store(y + b * this->rows + k, most);
        });
    }
};
/// The gradient goes to the first step that has the maximum.
template <class S>
struct MaxOfStepsGradient : PooledSteps<S> {
    const S *x, *y, *dy; // (rows x T B), (rows x B)
    S* dx;               // (rows x T B)
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        const std::size_t length = this->length(b);
        for_each_pack<P>(this->rows, [&](PartialPack<P> part, std::size_t k) {
            const P most = part.load(y + b * this->rows + k);
            P left = part.load(dy + b * this->rows + k);
            for (std::size_t t = 0; t < length; ++t) {
                const P here = math::select(most <= part.load(x + this->at(b, t) + k), left, P(S(0)));
                S* const to = dx + this->at(b, t) + k;
                part.store(to, part.load(to) + here);
                left = left - here;
            }
        });
    }
};
}

/// The operation that reduces the valid steps of each sequence to their mean or their maximum.
template <class S, bool maximum>
struct StepsPooling {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows x B)

    template <class Run>
    void forward(Run& run) const {
        const auto steps = pooled(run);
        if constexpr (maximum) run.backend().columns(detail::MaxOfSteps<S>{steps, x.value, y.value}, steps.batch);
        else run.backend().columns(detail::MeanOfSteps<S>{steps, x.value, y.value}, steps.batch);
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        const auto steps = pooled(run);
        if constexpr (maximum)
            run.backend().columns(detail::MaxOfStepsGradient<S>{steps, x.value, y.value, y.gradient, x.gradient},
                                  steps.batch);
        else run.backend().columns(detail::MeanOfStepsGradient<S>{steps, y.gradient, x.gradient}, steps.batch);
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        if constexpr (Asynchronous<B>) return scratch.take_lengths(x.extent);
        else return nullptr;
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        return forward_scratch(scratch);
    }

private:
    template <class Run>
    detail::PooledSteps<S> pooled(Run& run) const {
        const int* lengths = x.extent.lengths;
        if constexpr (Run::whole) {
            auto scratch = run.scratch();
            lengths = run.lengths(x.extent, forward_scratch(scratch));
        }
        return {lengths, std::size_t(x.extent.steps), x.rows, std::size_t(x.extent.batch)};
    }
};

} // namespace rondo
