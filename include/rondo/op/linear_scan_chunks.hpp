// SPDX-License-Identifier: MIT
#pragma once

#include "../core/extent.hpp"
#include "linear_scan_functors.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// How a device scans: the steps of each sequence, in forward's order, in chunks; a thread for each chunk and unit.
///
///   s after a chunk = A s + B, A the product of its a and B its result from zero       (1)
///
/// One launch computes A and B of each chunk, one the state before each chunk, one the steps. The third reads each
/// pre-activation once more, which costs less than to keep a and b.
struct ScanChunks {
    int steps = 0, count = 1; // of a chunk, and of a sequence
    static constexpr std::size_t threads = 1 << 16;
    static constexpr int fewest = 16; // steps of a chunk

    static ScanChunks of(std::size_t units, const Extent& e) {
        const std::size_t sequences = (std::max)(units * std::size_t(e.batch), std::size_t(1));
        const std::size_t wanted = (std::max)((threads + sequences - 1) / sequences, std::size_t(1)),
                          most = (std::max)(std::size_t(e.steps / fewest), std::size_t(1));
        const int count = int((std::min)(wanted, most));
        return {(std::max)((e.steps + count - 1) / count, 1), count};
    }
};

/// What the launches share. A, B and border: (states H x count B), border the state before each chunk, or in backward
/// the gradient of the state after it.
template <class C, class S>
struct LinearChunks {
    static constexpr int states = C::shape.states;
    using State = cell::LinearState<C, S>;
    LinearUnits<C, S> all;
    ScanChunks chunks;
    S *A = nullptr, *B = nullptr, *border = nullptr;

    struct Place {
        std::size_t unit, b, chunk;
        int first, last; // steps in forward's order
    };
    RONDO_HOST_DEVICE Place place(std::size_t index) const {
        const std::size_t rest = index / all.units, chunk = rest / all.batch, b = rest % all.batch;
        const int from = int(chunk) * chunks.steps, to = from + chunks.steps, length = all.length(b);
        return {index % all.units, b, chunk, from < length ? from : length, to < length ? to : length};
    }
    RONDO_HOST_DEVICE std::size_t at(const Place& p, int k) const {
        return all.column(all.step(k, all.length(p.b)), p.b);
    }
    RONDO_HOST_DEVICE S* of(S* values, std::size_t chunk, std::size_t b, std::size_t unit) const {
        return values + (chunk * all.batch + b) * states * all.units + unit;
    }
    RONDO_HOST_DEVICE State load(const S* from) const {
        State s;
        for (int k = 0; k < states; ++k) s[k] = from[std::size_t(k) * all.units];
        return s;
    }
    RONDO_HOST_DEVICE void store(S* to, const State& s) const {
        for (int k = 0; k < states; ++k) to[std::size_t(k) * all.units] = s[k];
    }
};

/// A and B of each chunk but the last.
template <class C, class S>
struct LinearChunkForward : LinearChunks<C, S> {
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        using Units = LinearUnits<C, S>;
        const auto p = this->place(index);
        typename LinearChunks<C, S>::State a{}, s{};
        a[0] = S(1);
        RONDO_NO_UNROLL
        for (int k = p.first; k < p.last; ++k) {
            const auto step = this->all.linear(PartialPack<S>{}, this->at(p, k), p.unit);
            a = Units::template product<S>(step.a, a);
            s = Units::template next<S>(step, s);
        }
        this->store(this->of(this->A, p.chunk, p.b, p.unit), a);
        this->store(this->of(this->B, p.chunk, p.b, p.unit), s);
    }
};
/// The state before each chunk.
template <class C, class S>
struct LinearBorderForward : LinearChunks<C, S> {
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        const std::size_t unit = index % this->all.units, b = index / this->all.units;
        auto s = this->all.initial_state(PartialPack<S>{}, b, unit);
        for (std::size_t chunk = 0;; ++chunk) {
            this->store(this->of(this->border, chunk, b, unit), s);
            if (chunk + 1 == std::size_t(this->chunks.count)) return;
            s = LinearUnits<C, S>::template next<S>(
                {this->load(this->of(this->A, chunk, b, unit)), this->load(this->of(this->B, chunk, b, unit))}, s);
        }
    }
};
template <class C, class S>
struct LinearStepsForward : LinearChunks<C, S> {
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        const auto p = this->place(index);
        auto s = this->load(this->of(this->border, p.chunk, p.b, p.unit));
        RONDO_NO_UNROLL
        for (int k = p.first; k < p.last; ++k) s = this->all.forward(PartialPack<S>{}, this->at(p, k), p.unit, s);
    }
};

/// Backward: the same with conj(a), from the last step to the first. A and B of each chunk; the first one's are not
/// used.
template <class C, class S>
struct LinearChunkBackward : LinearChunks<C, S> {
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        using Units = LinearUnits<C, S>;
        const auto p = this->place(index);
        typename LinearChunks<C, S>::State a{}, s{};
        a[0] = S(1);
        RONDO_NO_UNROLL
        for (int k = p.last - 1; k >= p.first; --k) {
            const std::size_t at = this->at(p, k);
            const auto step = Units::template conjugate<S>(this->all.linear(PartialPack<S>{}, at, p.unit).a);
            a = Units::template product<S>(step, a);
            s = Units::template product<S>(step, this->all.with_output_gradient(PartialPack<S>{}, at, p.unit, s));
        }
        this->store(this->of(this->A, p.chunk, p.b, p.unit), a);
        this->store(this->of(this->B, p.chunk, p.b, p.unit), s);
    }
};
/// The gradient of the state after each chunk.
template <class C, class S>
struct LinearBorderBackward : LinearChunks<C, S> {
    Values<const S*, C::shape.states> final_gradient; // (H x B) each; null: zero
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        const std::size_t unit = index % this->all.units, b = index / this->all.units;
        typename LinearChunks<C, S>::State d{};
        for (int k = 0; k < C::shape.states; ++k) d[k] = final_gradient[k] ? final_gradient[k][index] : S(0);
        for (std::size_t chunk = std::size_t(this->chunks.count); chunk-- > 0;) {
            this->store(this->of(this->border, chunk, b, unit), d);
            if (chunk > 0)
                d = LinearUnits<C, S>::template next<S>(
                    {this->load(this->of(this->A, chunk, b, unit)), this->load(this->of(this->B, chunk, b, unit))}, d);
        }
    }
};
template <class C, class S>
struct LinearStepsBackward : LinearChunks<C, S> {
    Values<S*, C::shape.states> initial_gradient; // (H x B) each; null if not needed
    S* constants_gradient;                        // (constants H x count B)
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t index) const {
        constexpr int constants = C::shape.constants;
        constexpr PartialPack<S> one{};
        const auto p = this->place(index);
        auto d = this->load(this->of(this->border, p.chunk, p.b, p.unit));
        cell::Constants<C, S> sums{};
        RONDO_NO_UNROLL
        for (int k = p.last - 1; k >= p.first; --k) {
            const auto before =
                k > 0 ? this->all.state_at(one, this->at(p, k - 1), p.unit) : this->all.initial_state(one, p.b, p.unit);
            d = this->all.backward(one, this->at(p, k), p.unit, before, d, sums);
        }
        if constexpr (constants > 0)
            for (int k = 0; k < constants; ++k)
                constants_gradient[((p.chunk * this->all.batch + p.b) * constants + std::size_t(k)) * this->all.units +
                                   p.unit] = sums[k];
        for (int k = 0; k < C::shape.states && p.chunk == 0; ++k)
            if (initial_gradient[k]) initial_gradient[k][p.b * this->all.units + p.unit] += d[k];
    }
};

} // namespace rondo::detail
