// SPDX-License-Identifier: MIT
// expect: C::backward(saved, state, state, per_unit, state)
#include <rondo/layer/recurrent.hpp>

struct Forgetful {
    static constexpr rondo::cell::Shape shape{.gates = 1};
    template <class S>
    static rondo::cell::Step<Forgetful, S> forward(const rondo::Values<S, 1>& pre, const rondo::Values<S, 1>&,
                                                   const rondo::Values<S, 0>&) {
        return {.state = {rondo::math::tanh(pre[0])}, .saved = {}};
    }
};

constexpr int size = rondo::Recurrent<Forgetful, 4, 8>::output_size;
