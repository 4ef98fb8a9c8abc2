// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/linear_concept.hpp"
#include "../core/memory.hpp"
#include "../op/linear_scan_functors.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// One step of streams of a linear cell: the gates' product, by the kernels K, and the recurrence of each unit.
///
/// Shapes  packed weights: `size` bytes, those of the product and the cell's constants; x (In), y (outputs H) and a
///         state (components of H, each padded) for each stream.
template <class C, class K, int In, int Hidden, bool projects_input>
struct LinearStepOfStream {
    using S = typename K::scalar;
    static constexpr int states = C::shape.states, constants = C::shape.constants,
                         rows = (C::shape.gates + (projects_input ? 1 : 0)) * Hidden;
    using Product = typename K::template linear<In, rows>;
    using Units = LinearUnits<C, S>;
    static constexpr std::size_t units = std::size_t(Hidden), product_size = (Product::size + 63) / 64 * 64,
                                 size = product_size + padded(constants * units) * sizeof(S),
                                 pre_room = padded(std::size_t(rows)), room = pre_room + states * padded(units),
                                 features = (C::shape.output ? 1 : states) * units;

    /// tensor(k): as in the layer's list.
    template <bool bias>
    static void pack(const auto& tensor, std::byte* to) {
        Product::template pack<bias>(tensor, to);
        if constexpr (constants > 0) {
            S* const numbers = reinterpret_cast<S*>(to + product_size);
            for (std::size_t unit = 0; unit < units; ++unit) {
                Values<S, cell::unit_parameter_count<C>> parameters;
                for (int k = 0; k < cell::unit_parameter_count<C>; ++k)
                    parameters[k] = tensor((bias ? 2 : 1) + std::size_t(k))[unit];
                const auto of_unit = C::constants(parameters);
                for (int k = 0; k < constants; ++k) numbers[std::size_t(k) * units + unit] = of_unit[k];
            }
        }
    }

    /// state(stream) is where a stream's begins; memory: `room` elements for each stream.
    static void step(const std::byte* packed, const S* x, std::size_t streams, const auto& state, S* memory, S* y) {
        using P = typename K::template pack_for<Hidden>;
        if (streams == 1) Product::step(packed, x, memory);
        else K::template linear_of_streams<Product>::step(packed, {x, std::size_t(In)}, {memory, pre_room}, streams);
        S* const after = memory + streams * pre_room; // of one stream: all components of a column
        for (std::size_t n = 0; n < streams; ++n) {
            Units all{.units = units, .batch = 1, .pre = memory + n * pre_room, .pre_rows = std::size_t(rows)};
            if constexpr (C::shape.input) all.input = projects_input ? all.pre + C::shape.gates * units : x + n * In;
            if constexpr (constants > 0) all.constants = reinterpret_cast<const S*>(packed + product_size);
            S* const own = state(n);
            all.state = C::shape.output ? after : y + n * features;
            all.output = C::shape.output ? y + n * features : nullptr;
            for_each_pack<P>(units, [&](PartialPack<P> part, std::size_t unit) __attribute__((always_inline)) {
                cell::LinearState<C, P> s;
                for (int k = 0; k < states; ++k) s[k] = part.load(own + std::size_t(k) * padded(units) + unit);
                s = all.forward(part, 0, unit, s);
                for (int k = 0; k < states; ++k) part.store(own + std::size_t(k) * padded(units) + unit, s[k]);
            });
        }
    }
};

} // namespace rondo::detail
