// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation y = a + b; if b has more rows than a, only its first ones are added.
template <class S>
struct Add {
    DynamicSequenceView<const S> a, b; // (Rows x T B), (>= Rows x T B)
    DynamicSequenceView<S> y;          // (Rows x T B)

    template <class Run>
    void forward(Run& run) const {
        run.backend().copy_columns(y.matrix(), a.matrix());
        run.backend().add_to_columns(y.matrix(), b.matrix().from_row(0, y.rows));
    }
    template <class Run>
    void backward(Run& run) const {
        if (a.gradient) run.backend().add_to_columns(a.gradients(), y.gradients());
        if (b.gradient) run.backend().add_to_columns(b.gradients().from_row(0, y.rows), y.gradients());
    }
};

/// y = a + b
///
/// Shapes  a, b, y (Rows x T B).
template <class Run, class A, class B, int Rows>
auto add(Run& run, const SequenceView<A, Rows>& a, const SequenceView<B, Rows>& b) {
    (check)(mismatch("rondo::add", a.extent, b.extent));
    const auto y = run.template make<Rows>(a.extent);
    run.execute(Add<typename Run::scalar>{a, b, y});
    return y;
}

/// y = a + the first rows of b
///
/// Shapes  a, y (Rows x T B), b (More x T B), More at least Rows.
template <class Run, class A, class B, int Rows, int More>
    requires (Rows <= More)
auto add_first(Run& run, const SequenceView<A, Rows>& a, const SequenceView<B, More>& b) {
    (check)(mismatch("rondo::add_first", a.extent, b.extent));
    const auto y = run.template make<Rows>(a.extent);
    run.execute(Add<typename Run::scalar>{a, b, y});
    return y;
}

} // namespace rondo
