// SPDX-License-Identifier: MIT
// expect: rondo: this cell has no gates to trace
#include <rondo/layer/rnn.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::RNN<3, 4>;

void traced(const rondo::Model<Net>& model, const rondo::SequenceView<const float, 3>& x) {
    rondo::Workspace<Net> work;
    work.evaluate(model, nullptr, [&](auto& run) { return Net::forward(run, x, rondo::with_gates); });
}
