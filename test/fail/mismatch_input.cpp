// SPDX-License-Identifier: MIT
// expect: Features<5>::FeedInputOf<rondo::Linear<4, 8>, 4>
// expect: rondo: a value's features are not the input size of the layer it is given to
// lines: 20 by g++, 40 by clang++
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::Sequential<rondo::Linear<4, 8>>;

int main() {
    rondo::Workspace<Net> work;
    work.forward(rondo::Model<Net>{rondo::Seed{1}}, rondo::SequenceView<const float, 5>{});
}
