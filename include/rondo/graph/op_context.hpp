// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../backend/scratch.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What an operation is executed with: a backend, scratch memory, and where gradients are added up. It knows neither
/// the network nor what the run is for, so an operation is compiled once for a backend.
template <Backend B>
class OpContext {
public:
    using backend_type = B;
    using scalar = typename B::scalar;
    /// Whether one call over all columns, padding included, is cheaper than a call for each run of valid columns.
    /// Padding is then set to zero before it enters a sum; see active.
    static constexpr bool whole = Asynchronous<B>;

    OpContext(B& backend, scalar* scratch, std::size_t capacity, scalar* gradient = nullptr)
        : backend_{&backend}, scratch_{scratch}, capacity_{capacity}, gradient_{gradient} {}

    B& backend() const { return *backend_; }
    Scratch<B> scratch() const { return {scratch_, capacity_}; }

    /// Where a parameter's gradient is added up; null if there is no gradient. For backward only.
    scalar* gradient(const Parameter<scalar>& p) const { return gradient_ ? gradient_ + p.offset : nullptr; }

    /// Copies a batch's lengths to `to`, from Scratch::take_lengths.
    const int* lengths(const Extent& extent, int* to) const {
        if (to) backend().send(to, extent.lengths, std::size_t(extent.batch));
        return to;
    }
    /// x with padding, which may hold anything, as zero: a copy in `to`, or x itself where there are no lengths.
    ColumnMajorView<const scalar> active(ColumnMajorView<const scalar> x, const Extent& extent, const int* lengths, scalar* to) const {
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
