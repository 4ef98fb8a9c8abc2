// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../data/batch.hpp"
#include "../loss/terms.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The position of the first number of a sequence that is not finite: "input 0 of sequence 2, step 5"; empty if there
/// is none.
template <class S>
std::string find_not_finite(const std::string& name, const DynamicSequenceView<const S>& x) {
    std::string found;
    if constexpr (std::is_floating_point_v<S>)
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t k = first * x.rows; k < (first + count) * x.rows && found.empty(); ++k)
                if (!std::isfinite(x.value[k])) found = name + place_of(x.extent, k / x.rows);
        });
    return found;
}
template <class Target, class... Inputs>
std::string find_not_finite(const Batch<Target, Inputs...>& batch) {
    const auto any = [](const auto& x) {
        return static_cast<DynamicSequenceView<const typename std::remove_cvref_t<decltype(x)>::value_type>>(x);
    };
    std::string found = find_not_finite("the target", any(values_of(batch.target)));
    int index = 0;
    const auto look = [&](const auto& x) {
        if (found.empty()) found = find_not_finite("input " + std::to_string(index), any(x));
        ++index;
    };
    std::apply([&](const auto&... x) { (look(x), ...); }, batch.inputs);
    return found;
}
/// The name of the tensor that contains a buffer's k-th number; empty for padding.
inline std::string tensor_of(std::span<const ParameterSpec> tensors, const std::string& name, std::size_t k) {
    for (const ParameterSpec& t : tensors)
        if (k >= t.offset && k - t.offset < t.size()) return name + std::string{t.name.view()};
    return {};
}
/// The name of the first tensor with a number that is not finite.
template <class S>
std::string find_not_finite(std::span<const ParameterSpec> tensors, const std::string& name,
                            const std::vector<S>& values) {
    for (const ParameterSpec& t : tensors)
        for (std::size_t k = 0; k < t.size(); ++k)
            if (!std::isfinite(values[t.offset + k])) return name + std::string{t.name.view()};
    return {};
}

/// The error of a step that is not finite. It names the first cause: the data (`what`), then the parameters, then their
/// gradients.
template <class S>
Error not_finite(std::span<const ParameterSpec> tensors, std::string what, double loss,
                 const std::vector<S>& parameters, const std::string& gradient, std::int64_t steps) {
    std::string text = "rondo::Trainer: step " + std::to_string(steps + 1) + ": ";
    if (!std::isfinite(loss))
        text += std::string{"the loss is "} + (std::isnan(loss) ? "nan" : loss > 0 ? "inf" : "-inf") + "; ";
    if (what.empty()) what = find_not_finite(tensors, "parameter ", parameters);
    if (what.empty()) what = gradient;
    text += what.empty() ? "every gradient is finite" : what + " is not finite";
    return {Error::Kind::not_finite, text + "; the parameters are those of step " + std::to_string(steps)};
}

} // namespace rondo::detail
