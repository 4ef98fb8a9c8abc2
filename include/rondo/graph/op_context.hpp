// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The context in which an operation is executed: a backend, scratch memory and the gradient buffer of parameters. It
/// does not depend on the network or the Mode, so an operation is compiled once per backend.
template <Backend B>
class OpContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    /// Whether operations make one call over all columns, including padding, instead of one for each range of valid
    /// columns; cheaper where launches are expensive. Padding is set to zero before it enters a sum: see active.
    static constexpr bool whole = Asynchronous<B>;

    OpContext(B& backend, scalar* scratch, std::size_t capacity, scalar* gradient = nullptr)
        : backend_{&backend}, scratch_{scratch}, capacity_{capacity}, gradient_{gradient} {}

    B& backend() const { return *backend_; }
    Scratch<B> scratch() const { return {scratch_, capacity_}; }

    /// Where a parameter's gradient is accumulated; null if it is not needed. In backward only.
    scalar* gradient(const Parameter<scalar>& p) const { return gradient_ ? gradient_ + p.offset : nullptr; }

    /// Copies a batch's lengths to the backend's memory at `to`, from Scratch::take_lengths; null stays null.
    const int* lengths(const Extent& extent, int* to) const {
        if (to) backend().send(to, extent.lengths, std::size_t(extent.batch));
        return to;
    }
    /// A batch's lengths where functors read them: the extent's own in host memory, else a copy at `to`.
    const int* readable_lengths(const Extent& extent, int* to) const {
        if constexpr (whole) return lengths(extent, to);
        else return extent.lengths;
    }
    /// x with padding, whose content is undefined, set to zero: a copy in `to`; x itself if there are no lengths.
    ColumnMajorView<const scalar> active(ColumnMajorView<const scalar> x, const Extent& extent, const int* lengths,
                                         scalar* to) const {
        if (!lengths) return x;
        const ColumnMajorView<scalar> kept{to, x.rows, x.columns};
        backend().copy_active(kept, x, lengths, extent.batch);
        return kept;
    }

private:
    B* backend_;
    scalar* scratch_;
    std::size_t capacity_;
    scalar* gradient_;
};

} // namespace rondo
