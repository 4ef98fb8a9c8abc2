// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation that selects one step of each sequence: the first `last_rows` rows are those of its last valid step,
/// the others those of its first step.
template <class S>
struct Selection {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows x B)
    std::size_t last_rows;

    template <class F>
    void each(F&& f) const {
        for (int b = 0; b < x.extent.batch; ++b) {
            const int length = x.extent.length(b);
            if (length == 0) continue;
            f(std::size_t(b), std::size_t(length - 1) * std::size_t(x.extent.batch) + std::size_t(b));
        }
    }
    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        backend.fill(y.value, y.size(), S(0));
        each([&](std::size_t b, std::size_t last) {
            const auto to = y.matrix(b, 1);
            backend.copy_columns(to.from_row(0, last_rows), x.matrix(last, 1).from_row(0, last_rows));
            backend.copy_columns(to.from_row(last_rows, x.rows - last_rows),
                                 x.matrix(b, 1).from_row(last_rows, x.rows - last_rows));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        auto& backend = run.backend();
        each([&](std::size_t b, std::size_t last) {
            const auto dy = y.gradients(b, 1);
            backend.add_to_columns(x.gradients(last, 1).from_row(0, last_rows), dy.from_row(0, last_rows));
            backend.add_to_columns(x.gradients(b, 1).from_row(last_rows, x.rows - last_rows),
                                   dy.from_row(last_rows, x.rows - last_rows));
        });
    }
};

namespace detail {
template <class S, int Rows>
auto select(auto& run, const SequenceView<S, Rows>& x, int last_rows) {
    run.check_extent(x.extent);
    const auto y = run.template make<Rows>({1, x.extent.batch, nullptr, x.extent.first_step, x.extent.first_column});
    run.execute(Selection<std::remove_const_t<S>>{x, y, std::size_t(last_rows)});
    return y;
}
}

} // namespace rondo
