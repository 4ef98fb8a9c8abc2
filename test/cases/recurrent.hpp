// SPDX-License-Identifier: MIT
#pragma once

// The sizes in which each cell is a case.

#include "lists.hpp"
#include "typed.hpp"

#include <rondo/layer/dropout.hpp>
#include <rondo/layer/recurrent.hpp>

#include <memory/sanitized.hpp>

namespace cases {

template <template <int, int, rondo::Stack> class Layer, class S, int In, int Hidden,
          rondo::Stack stack = rondo::Stack{}>
void add(Cases& to, const std::string& kind) {
    using L = Layer<In, Hidden, stack>;
    const std::string size = std::to_string(In) + '_' + std::to_string(Hidden) + '_' + std::to_string(stack.layers) +
                             '_' + std::to_string(stack.directions()) + (stack.reversed ? "_back" : "");
    Case& c = add_network<Alone<L>, S>(to, kind, size);
    c.hidden = Hidden;
    c.h_size = L::h_size;
    c.layers = stack.layers;
    c.directions = stack.directions();
    c.components = L::components;
    c.reversed = stack.reversed;
    c.dropout = stack.dropout.parts > 0;
    c.tensors = L::tensors; // of the layer alone: they lie where the network's do
}

/// What a stack of two layers must be.
template <template <int, int, rondo::Stack> class Layer, int In, int Hidden, rondo::Stack stack>
struct Composed
    : rondo::Network<rondo::Named<"first", Layer<In, Hidden, rondo::Stack{.bidirectional = stack.bidirectional}>>,
                     rondo::Named<"second", Layer<Layer<In, Hidden, stack>::output_size, Hidden,
                                                  rondo::Stack{.bidirectional = stack.bidirectional}>>> {
    static constexpr int input_size = In, output_size = Layer<In, Hidden, stack>::output_size;
    static constexpr rondo::Rate between = stack.dropout; // clang++ 14 has another value for it in forward
    static auto forward(auto& run, const auto& x) {
        const auto y = run(rondo::layer<"first">, x);
        return run(rondo::layer<"second">, rondo::dropout(run, y, between, run.draw(1))); // 1 is the stack's first mask
    }
};
template <template <int, int, rondo::Stack> class Layer, class S, int In, int Hidden, rondo::Stack stack>
void add_with_composed(Cases& to, const std::string& kind) {
    add<Layer, S, In, Hidden, stack>(to, kind);
    const std::string size = to.back().size + "_composed";
    add_network<Composed<Layer, In, Hidden, stack>, S>(to, kind, size);
}

inline constexpr rondo::Rate rate{30}; // between layers; off unless a run asks for it

/// Both directions, and each alone: ahead, and backwards as a stack.
template <template <int, int, rondo::Stack> class Layer, class S>
void add_directions(Cases& to, const std::string& kind) {
    add<Layer, S, 3, 5, rondo::Stack{.bidirectional = true}>(to, kind);
    add<Layer, S, 3, 5>(to, kind);
    add<Layer, S, 3, 16, rondo::Stack{.layers = 2, .dropout = rate, .reversed = true}>(to, kind);
}

// Inputs, hidden units, layers, directions: of each class less than a pack, whole packs, and packs and a rest.
template <template <int, int, rondo::Stack> class Layer, class S>
void add_sizes(Cases& to, const std::string& kind) {
    using rondo::Stack;
    add<Layer, S, 5, 3, Stack{.layers = 3, .bidirectional = true, .dropout = rate}>(to, kind);
    add_with_composed<Layer, S, 3, 16, Stack{.layers = 2, .dropout = rate}>(to, kind);
    add<Layer, S, 33, 33>(to, kind);
    add_directions<Layer, S>(to, kind);
#ifndef RONDO_TEST_SANITIZED
    add<Layer, S, 1, 5>(to, kind);
    add<Layer, S, 3, 20, Stack{.layers = 2, .dropout = rate}>(to, kind);
    add_with_composed<Layer, S, 20, 1, Stack{.layers = 2, .bidirectional = true, .dropout = rate}>(to, kind);
#endif
}

template <template <int, int, rondo::Stack> class Layer>
void add_cell(Cases& to, const std::string& kind) {
#ifndef RONDO_TEST_THRUST // there variants and networks are cases in double
    add_sizes<Layer, double>(to, kind);
#endif
#ifndef RONDO_TEST_SANITIZED // the same code in double is enough
    add_sizes<Layer, float>(to, kind);
#endif
}

} // namespace cases
