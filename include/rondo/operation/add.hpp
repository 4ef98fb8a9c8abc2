// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

namespace rondo {

/// y = a + b: an operation of the tape.
template <class S, int Rows>
struct Add {
    Sequence<const S, Rows> a, b;
    Sequence<S, Rows> y;

    template <class Run>
    void forward(Run& run) const {
        run.backend().copy_columns(y.matrix(), a.matrix());
        run.backend().add_to_columns(y.matrix(), b.matrix());
    }
    template <class Run>
    void backward(Run& run) const {
        if (a.slope) run.backend().add_to_columns(a.slopes(), y.slopes());
        if (b.slope) run.backend().add_to_columns(b.slopes(), y.slopes());
    }
};

/// y = a + b
///
/// Shapes  a, b, y (Rows x T B).
template <class Run, class A, class B, int Rows>
auto add(Run& run, const Sequence<A, Rows>& a, const Sequence<B, Rows>& b) {
    const Add<typename Run::scalar, Rows> operation{a, b, run.template make<Rows>(a.extent)};
    operation.forward(run);
    run.record(operation);
    return operation.y;
}

} // namespace rondo
