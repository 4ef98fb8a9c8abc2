// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/host_device.hpp"
#include "../graph/op_context.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// y = x of the column index[n]; if it is negative, zero, or nothing where y is padding. `adds`: the reverse, x of the
/// column index[n] += y.
template <class S, bool adds>
struct GatherColumn {
    std::size_t rows;
    const int* index;
    S* x; // (rows x M)
    S* y; // (rows x N)
    bool zeros;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const int from = index[n];
        if ((adds || !zeros) && from < 0) return;
        S *const whole = x + std::size_t(from < 0 ? 0 : from) * rows, *const part = y + n * rows;
        for_each_pack<P>(rows, [&](PartialPack<P> some, std::size_t k) {
            if constexpr (adds) some.store(whole + k, some.load(whole + k) + some.load(part + k));
            else some.store(part + k, from < 0 ? P(S(0)) : some.load(whole + k));
        });
    }
};
}

/// The operation y = columns of x in another order; each column of x is used at most once.
///
/// Shapes  x (rows x M), y (rows x N), index (N): columns of x, in host memory; a negative one: zeros, or with `zeros`
///         false padding, which is not written.
/// Memory  scratch on a device: the index.
template <class S>
struct GatherColumns {
    const S* x;
    S* dx; // null if not needed
    S* y;
    const S* dy;
    const int* index;
    std::size_t rows, count;
    bool zeros = true;

    template <class Run>
    void forward(Run& run) const {
        auto scratch = run.scratch();
        const int* const at = readable(run, forward_scratch(scratch));
        // The functor of both directions has no constant operands; this one reads x.
        run.backend().columns(detail::GatherColumn<S, false>{rows, at, const_cast<S*>(x), y, zeros}, count);
    }
    template <class B>
    int* forward_scratch(Scratch<B>& scratch) const {
        if constexpr (Asynchronous<B>) return reinterpret_cast<int*>(scratch.take(count));
        else return nullptr;
    }
    template <class Run>
    void backward(Run& run) const {
        if (!dx) return;
        auto scratch = run.scratch();
        const int* const at = readable(run, forward_scratch(scratch));
        run.backend().columns(detail::GatherColumn<S, true>{rows, at, dx, const_cast<S*>(dy), zeros}, count);
    }
    template <class B>
    int* backward_scratch(Scratch<B>& scratch) const {
        return forward_scratch(scratch);
    }

private:
    template <class Run>
    const int* readable(Run& run, int* to) const {
        if (!to) return index;
        run.backend().send(to, index, count);
        return to;
    }
};

} // namespace rondo
