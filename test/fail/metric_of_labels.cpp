// SPDX-License-Identifier: MIT
// expect: rondo::evaluate: a metric takes no sequences of labels, which are this loss's targets
// lines: 20 by g++, 40 by clang++
#include <rondo/data/labelled_sequences.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/loss/ctc.hpp>
#include <rondo/metric/accuracy.hpp>
#include <rondo/train/fit.hpp>

using namespace rondo;

int main() {
    LabelledSequences<float, 3> spoken{8};
    Model<GRU<3, 5>> model{Seed{1}};
    evaluate(model, spoken, CTC{}, metric::Accuracy{});
}
