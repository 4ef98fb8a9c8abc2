// SPDX-License-Identifier: MIT
// Further layers without a state, alone: those of the golden file "maps".
#include "lists.hpp"
#include "typed.hpp"

#include <rondo/layer/activation.hpp>
#include <rondo/layer/flatten.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/softmax.hpp>

#include <memory/sanitized.hpp>

namespace cases {
namespace {

using namespace rondo;

template <class S, int Size>
void add_size(Cases& to) {
    const auto add = [&]<class Net>(std::type_identity<Net>, const std::string& name) {
        add_network<Net, S>(to, "map", name + '_' + std::to_string(Size));
    };
    add(std::type_identity<LeakyReLU<Size>>{}, "leaky_relu");
    add(std::type_identity<ELU<Size>>{}, "elu");
    add(std::type_identity<GELU<Size>>{}, "gelu");
    add(std::type_identity<TanhGELU<Size>>{}, "gelu_tanh");
    add(std::type_identity<SiLU<Size>>{}, "silu");
    add(std::type_identity<Hardsigmoid<Size>>{}, "hardsigmoid");
    add(std::type_identity<Hardtanh<Size>>{}, "hardtanh");
    add(std::type_identity<Softsign<Size>>{}, "softsign");
    add(std::type_identity<Softplus<Size>>{}, "softplus");
    add(std::type_identity<Threshold<Size, Ratio{1, 2}>>{}, "threshold");
    add(std::type_identity<PReLU<Size>>{}, "prelu");
    add(std::type_identity<PReLU<Size, Size>>{}, "prelu_each");
    add(std::type_identity<LogSoftmax<Size>>{}, "log_softmax");
    add(std::type_identity<LayerNorm<Size>>{}, "layer_norm");
    add(std::type_identity<LayerNorm<Size, Norm{.eps = Ratio{1, 100}, .affine = false}>>{}, "layer_norm_plain");
    add(std::type_identity<MeanPooling<Size>>{}, "mean");
    add(std::type_identity<MaxPooling<Size>>{}, "max");
    add(std::type_identity<Flatten<Size, 2>>{}, "flatten");
    add(std::type_identity<Flatten<Size, 2, FlattenOrder::features_first>>{}, "flatten_features");
    add(std::type_identity<RMSNorm<Size>>{}, "rms_norm");
}

} // namespace

void add_maps(Cases& to) {
    add_size<double, 33>(to);
#ifndef RONDO_TEST_SANITIZED
    add_size<float, 5>(to);
#endif
}

} // namespace cases
