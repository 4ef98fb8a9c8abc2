// SPDX-License-Identifier: MIT
#pragma once

#include "../model/parameter_buffer.hpp"

#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A copy of a model's parameters on the host, or none: fit keeps the best ones in its trainer's.
template <Backend B>
class KeptParameters {
public:
    using scalar = typename B::scalar;

    /// Copies from the model, or back to it.
    void take(const ParameterBuffer<B>& model) {
        values_.resize(model.count());
        B::download(values_.data(), model.data(), model.count());
    }
    void put(ParameterBuffer<B>& model) const { model.assign(values_); }

    const std::vector<scalar>& values() const { return values_; }
    void assign(std::vector<scalar> values) { values_ = std::move(values); }

private:
    std::vector<scalar> values_;
};

} // namespace rondo::detail
