// SPDX-License-Identifier: MIT
// expect: Backend
// expect: 'Abacus'
// expect: 'name'
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>

struct Abacus {
    using scalar = float;
};

int main() { rondo::Model<rondo::Sequential<rondo::Linear<4, 8>>, Abacus> model{rondo::Seed{1}}; }
