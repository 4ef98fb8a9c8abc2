// SPDX-License-Identifier: MIT
// Training on a backend whose memory the host cannot access gives the same results.
#include <rondo/train/async/device_batch.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <backend/sealed.hpp>
#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace device_batch_test {

using namespace rondo;
using law::differing;

using B = EigenBackend<double>;

template <class Net, class Loss, class Backend, class Data>
std::vector<double> trained(Data data) {
    Model<Net, Backend> model{Seed{1}};
    Trainer<Net, Loss, Adam, Backend> trainer{model, {}, {}, {.clip_norm = 0.5}};
    Progress progress;
    std::vector<double> all;
    for (const EpochResult& e : fit(trainer, data, {.epochs = 2}, progress)) all.push_back(e.loss);
    all.push_back(evaluate(trainer, data).mean());
    for (const double value : model.values()) all.push_back(value);
    return all;
}
template <class Net, class Loss, class Data>
void expect_same(const Data& data) {
    EXPECT_LT(law::difference(trained<Net, Loss, Sealed<B>>(data), trained<Net, Loss, B>(data)), 1e-12);
}

TEST(DeviceBatch, TokensAndTargets) {
    const auto text = letters(33);
    expect_same<Letters, CrossEntropy>(TokenStreams{text, 5, 3});
}
TEST(DeviceBatch, NumbersOfManyLengths) {
    Samples<double, 3, double, 1> data{3, Samples<double, 3, double, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 20u, 5u, 2u})
        data.add(normal_numbers<double>(3 * length), std::vector<double>(length, 0.25));
    expect_same<Tracker, BinaryCrossEntropy>(data);
}

TEST(DeviceBatch, WhatIsWrongIsSaidOfTheHostsNumbers) {
    Model<Tracker, Sealed<B>> model{Seed{1}};
    const auto before = model.values();
    Trainer<Tracker, BinaryCrossEntropy, Adam, Sealed<B>> trainer{model, {}, {}};
    Tracks<double> data{4, 3};
    data.y.assign(12, 0.5);
    data.y[5] = 2;
    expect_argument([&] { trainer.step(data.batch()); },
                    "rondo::BinaryCrossEntropy: target 2 of sequence 2, step 1 is not from 0 to 1");
    data.y[5] = 1;
    data.x[3 * 7] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(failure_of([&] { trainer.step(data.batch()); }).message,
              "rondo::Trainer: step 1: the loss is nan; input 0 of sequence 1, step 2 is not finite; the parameters "
              "are those of step 0");
    EXPECT_EQ(differing(model.values(), before), 0u);
}

} // namespace device_batch_test
