// SPDX-License-Identifier: MIT
// What nvcc compiles: every header, and the training of a network on a device.
#include "every.hpp"

using B = rondo::ThrustBackend<float>;
using Net = rondo::Sequential<rondo::Embedding<7, 3>, rondo::LSTM<3, 5>, rondo::Dropout<5, rondo::Rate{20}>,
                              rondo::Conv1d<5, 5, 2, rondo::ConvOptions{.padding = rondo::causal_padding}>,
                              rondo::RNNVariant<5, 5, rondo::cell::Variant{.clip = rondo::Ratio{3}}>,
                              rondo::LayerNorm<5>, rondo::GELU<5>, rondo::PReLU<5>, rondo::Linear<5, 7>>;

void train(rondo::Model<Net, B>& model, const rondo::Batch<rondo::Tokens, rondo::Tokens>& batch) {
    rondo::Trainer<Net, rondo::CrossEntropy, rondo::Adam, B> trainer{model, {}, {}};
    trainer.step(batch);
}
