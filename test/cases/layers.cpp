// SPDX-License-Identifier: MIT
// Layers without a state of their own, alone: those of the golden file.
#include "lists.hpp"
#include "typed.hpp"

#include <rondo/layer/activation.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/softmax.hpp>

#include <memory/sanitized.hpp>

namespace cases {
namespace {

template <class S>
void add_all(Cases& to) {
    add_network<rondo::Linear<33, 20>, S>(to, "linear", "33_20");
    add_network<rondo::Linear<1, 1>, S>(to, "linear", "1_1");
    add_network<rondo::LinearWithoutBias<5, 3>, S>(to, "linear", "5_3_no_bias");
    add_network<rondo::Embedding<7, 5, 2>, S>(to, "embedding", "7_5");
    add_network<rondo::ReLU<5>, S>(to, "relu", "5");
    add_network<rondo::ReLU<33>, S>(to, "relu", "33");
    add_network<rondo::Tanh<5>, S>(to, "tanh", "5");
    add_network<rondo::Tanh<33>, S>(to, "tanh", "33");
    add_network<rondo::Sigmoid<5>, S>(to, "sigmoid", "5");
    add_network<rondo::Sigmoid<33>, S>(to, "sigmoid", "33");
    add_network<rondo::Softmax<5>, S>(to, "softmax", "5");
    add_network<rondo::Softmax<33>, S>(to, "softmax", "33");
}

} // namespace

void add_layers(Cases& to) {
    add_all<double>(to);
#ifndef RONDO_TEST_SANITIZED
    add_all<float>(to);
#endif
}

} // namespace cases
