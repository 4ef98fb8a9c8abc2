// SPDX-License-Identifier: MIT
#pragma once

#include "../core/int8.hpp"
#include "../core/parameter_spec.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace int8 {
/// Whether a tensor is saved as int8: a matrix, a table or a convolution's weight of 4 rows and 5 columns or more, of
/// which each row has a scale.
constexpr bool stored(const ParameterSpec& t) {
    using enum ParameterSpec::Role;
    return t.rank >= 2 && (t.role == input_weight || t.role == recurrent_weight || t.role == table) &&
           stored(t.rows, t.columns);
}

/// Where a network's tensors are in the arrays of Int8Parameters.
template <std::size_t tensors>
struct Layout {
    struct Place {
        bool int8 = false;
        std::size_t at = 0, scale = 0, columns = 1;
    };
    std::array<Place, tensors> places{};
    std::size_t weights = 0, scales = 0, numbers = 0;
};
template <class Net>
inline constexpr auto layout = [] {
    constexpr std::size_t count = Net::tensors.size();
    Layout<count> all;
    for (std::size_t n = 0; n < 2 * count; ++n) { // what is trained, then averages, as a Model's buffer has them
        const std::size_t k = n % count;
        const ParameterSpec& t = Net::tensors[k];
        if (t.trained() != (n < count)) continue;
        auto& place = all.places[k];
        bool tied = false;
        for (std::size_t j = 0; j < k && !tied; ++j)
            if (Net::tensors[j].offset == t.offset) place = all.places[j], tied = true;
        if (tied) continue;
        place.int8 = stored(t);
        place.at = place.int8 ? all.weights : all.numbers;
        place.scale = all.scales;
        place.columns = std::size_t(t.columns);
        (place.int8 ? all.weights : all.numbers) += t.size();
        if (place.int8) all.scales += std::size_t(t.rows);
    }
    return all;
}();
} // namespace int8

/// A network's parameters as `rondo embed --int8` writes them, in the order of a Model's buffer without padding: the
/// integers of matrices, a scale for each of their rows, and all other numbers. Non-owning.
template <class Net>
struct Int8Parameters {
    std::span<const std::int8_t, int8::layout<Net>.weights> weights;
    std::span<const float, int8::layout<Net>.scales> scales;
    std::span<const float, int8::layout<Net>.numbers> numbers;

    /// The k-th tensor, indexed as in a Model's buffer.
    auto operator()(std::size_t k) const {
        struct {
            const std::int8_t* integers;
            const float *scales, *numbers;
            std::size_t columns;
            float operator[](std::size_t n) const {
                return integers ? float(integers[n]) * scales[n / columns] : numbers[n];
            }
        } tensor{};
        const auto& place = int8::layout<Net>.places[k];
        if (place.int8) tensor.integers = weights.data() + place.at;
        else tensor.numbers = numbers.data() + place.at;
        tensor.scales = scales.data() + place.scale;
        tensor.columns = place.columns;
        return tensor;
    }
};

} // namespace rondo
