// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// y_n += a_n x_n, for each column n
template <class S>
struct AddScaled {
    S* y;           // (rows x N)
    const S *a, *x; // (N), (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            const std::size_t at = n * rows + k;
            part.store(y + at, math::fma(P(a[n]), part.load(x + at), part.load(y + at)));
        });
    }
};
/// a_n += x_n . y_n, for each column n
template <class S>
struct AddDot {
    S* a;           // (N)
    const S *x, *y; // (rows x N)
    std::size_t rows;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        P sum(S(0));
        for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
            sum = math::fma(part.load(x + n * rows + k), part.load(y + n * rows + k), sum);
        });
        a[n] += math::sum(sum);
    }
};
/// Calls f(n, m, count) for each step and each maximal range of its valid columns: the range begins at column n of all
/// T B columns, and at column m of the step's B.
template <class F>
void for_each_valid_range_by_step(const Extent& e, F&& f) {
    for (int t = 0; t < e.steps; ++t)
        for_each_valid_range(e, t, [&](int first, int count) {
            f(std::size_t(t) * std::size_t(e.batch) + std::size_t(first), std::size_t(first), std::size_t(count));
        });
}
/// The error unless `one` has one step and as many sequences as `all`.
inline Error one_step(const char* what, const Extent& one, const Extent& all) {
    if (one.steps != 1)
        return {Error::Kind::argument, std::string{what} + ": expected one step, got " + std::to_string(one.steps)};
    return mismatch(what, one, {1, all.batch});
}
}

/// The operation e(t) = q . k(t), for each step t.
template <class S>
struct Dot {
    DynamicSequenceView<const S> q, k; // (Rows x B), (Rows x T B)
    DynamicSequenceView<S> e;          // (1 x T B)

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        backend.fill(e.value, e.size(), S(0));
        detail::for_each_valid_range_by_step(k.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            backend.columns(detail::AddDot<S>{e.value + n, q.value + m * q.rows, k.value + n * q.rows, q.rows}, count);
        });
    }
    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        detail::for_each_valid_range_by_step(k.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            const S *de = e.gradient + n, *q_m = q.value + m * q.rows, *k_n = k.value + n * q.rows;
            if (q.gradient) backend.columns(detail::AddScaled<S>{q.gradient + m * q.rows, de, k_n, q.rows}, count);
            if (k.gradient) backend.columns(detail::AddScaled<S>{k.gradient + n * q.rows, de, q_m, q.rows}, count);
        });
    }
};

/// The operation y = sum_t a(t) v(t), over the valid steps t.
template <class S>
struct WeightedSum {
    DynamicSequenceView<const S> a, v; // (1 x T B), (Rows x T B)
    DynamicSequenceView<S> y;          // (Rows x B)

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        backend.fill(y.value, y.size(), S(0));
        detail::for_each_valid_range_by_step(v.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            backend.columns(detail::AddScaled<S>{y.value + m * v.rows, a.value + n, v.value + n * v.rows, v.rows},
                            count);
        });
    }
    template <class Run>
    void backward(Run& run) const {
        auto& backend = run.backend();
        detail::for_each_valid_range_by_step(v.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            const S* dy = y.gradient + m * v.rows;
            if (a.gradient) backend.columns(detail::AddDot<S>{a.gradient + n, v.value + n * v.rows, dy, v.rows}, count);
            if (v.gradient)
                backend.columns(detail::AddScaled<S>{v.gradient + n * v.rows, a.value + n, dy, v.rows}, count);
        });
    }
};

/// e(t) = q . k(t): the dot products of one query with the key of each step; zero at padding steps.
///
/// Shapes  q (Rows x B), k (Rows x T B) -> e (1 x T B).
template <class Run, class Q, class K, int Rows>
auto dot_each_step(Run& run, const SequenceView<Q, Rows>& q, const SequenceView<K, Rows>& k) {
    (check)(detail::one_step("rondo::dot_each_step", q.extent, k.extent));
    const auto e = run.template make<1>(k.extent);
    run.execute(Dot<typename Run::scalar>{q, k, e});
    return e;
}

/// y = sum_t a(t) v(t): the sum over the valid steps t, weighted by a.
///
/// Shapes  a (1 x T B), v (Rows x T B) -> y (Rows x B).
template <class Run, class A, class V, int Rows>
auto weighted_sum(Run& run, const SequenceView<A, 1>& a, const SequenceView<V, Rows>& v) {
    (check)(mismatch("rondo::weighted_sum", a.extent, v.extent));
    const auto y = run.template make<Rows>({1, v.extent.batch, nullptr, v.extent.first_step, v.extent.first_column});
    run.execute(WeightedSum<typename Run::scalar>{a, v, y});
    return y;
}

} // namespace rondo
