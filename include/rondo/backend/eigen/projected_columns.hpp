// SPDX-License-Identifier: MIT
#pragma once

#include "cell_columns.hpp"
#include "linear_step_columns.hpp"
#include "projected_step.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// One step of several streams through a cell whose h is projected, with the weights that ProjectedStep packs.
template <class C, int In, int H, int Out, class P, class PackOfOut, class W>
struct CellColumns<ProjectedStep<C, In, H, Out, P, PackOfOut, W>> {
    using Step = ProjectedStep<C, In, H, Out, P, PackOfOut, W>;
    using Cell = CellColumns<typename Step::Cell>;
    using Projection = LinearStepColumns<typename Step::Projection>;
    using S = typename P::scalar;
    static constexpr std::size_t after_size = Cell::after_size;

    static void step(const std::byte* packed, StreamColumns<const S> x, S* const* states, std::size_t offset,
                     std::size_t streams, S* after, bool back) {
        if (streams == 1) return Step::step(packed, x[0], states[0] + offset, back);
        Cell::step_to(after, packed, x, states, offset, streams, back);
        Projection::step(packed + Step::cell_size, {after, after_size}, {nullptr, offset, states}, streams);
        for (std::size_t c = 0; c < streams; ++c)
            for (std::size_t k = 0; k < padded(std::size_t(Out)); k += std::size_t(PackOfOut::size)) {
                S* const h = states[c] + offset + k;
                without_denormals(PackOfOut::load(h)).store(h);
            }
    }
};

} // namespace rondo::eigen
