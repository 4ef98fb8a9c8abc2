// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation that copies consecutive columns, in their order, to the valid columns of a batch of sequences; padding
/// is zero.
template <class S>
struct PadColumns {
    DynamicSequenceView<const S> x; // (Rows x valid columns of y)
    DynamicSequenceView<S> y;       // (Rows x T B)

    template <class F>
    void each(F&& f) const {
        std::size_t column = 0;
        for_each_valid_range(y.extent, [&](std::size_t first, std::size_t count) {
            f(column, first, count);
            column += count;
        });
    }
    template <class Run>
    void forward(Run& run) const {
        run.backend().fill(y.value, y.size(), S(0));
        each([&](std::size_t from, std::size_t to, std::size_t count) {
            run.backend().copy_columns(y.matrix(to, count), x.matrix(from, count));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        each([&](std::size_t to, std::size_t from, std::size_t count) {
            run.backend().add_to_columns(x.gradients(to, count), y.gradients(from, count));
        });
    }
};

} // namespace rondo
