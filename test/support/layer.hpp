// SPDX-License-Identifier: MIT
#pragma once

#include "golden.hpp"
#include "networks.hpp"

#include <rondo/network/workspace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

/// A layer without memory computes what PyTorch's does: outputs, and the slopes of inputs and parameters.
template <class Case>
struct LayerGolden : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    using S = typename Case::scalar;
    using Input = std::conditional_t<reads_tokens<Net>, int, S>;

    Golden golden{Case::file, Case::name};
    std::vector<Input> x = golden.template get<Input>("x");
    std::vector<S> dx = std::vector<S>(x.size());
    rondo::Sequence<const Input, Net::input_size> input{
        x.data(), nullptr, {golden.extent("x", 0), golden.extent("x", 1)}};
    rondo::Model<Net, B> model;
    rondo::Workspace<Net, B> work;

    LayerGolden() {
        model.assign(golden.template parameters<S>(Net::tensors));
        if constexpr (!reads_tokens<Net>) input.slope = dx.data();
    }

    auto record() {
        return work.record(model, nullptr, {}, [&](auto& run) { return Net::forward(run, input); });
    }

    /// Leaves NaN in the memory that a run and its backward use: none of it may be taken for zero.
    void soil() {
        constexpr S nan = std::numeric_limits<S>::quiet_NaN();
        const auto x_before = x;
        const auto dx_before = dx;
        if constexpr (!reads_tokens<Net>) std::ranges::fill(x, nan);
        const auto y = record();
        std::fill_n(y.slope, y.size(), nan);
        work.backward(nullptr);
        std::ranges::copy(x_before, x.begin());
        std::ranges::copy(dx_before, dx.begin());
    }

    /// Twice, since slopes add up.
    void train() {
        rondo::Model<Net, B> gradient;
        for (const double runs : {1.0, 2.0}) {
            soil();
            const auto y = record();
            golden.expect("y", y.value);
            golden.copy("dy", y.slope);
            work.backward(&gradient);
            if (!reads_tokens<Net>) golden.expect("dx", dx.data(), runs);
            golden.expect_gradients(Net::tensors, gradient.values(), runs);
        }
    }
    void infer() {
        soil();
        golden.expect("y", work.forward(model, input).value);
    }
};

TYPED_TEST_SUITE_P(LayerGolden);
TYPED_TEST_P(LayerGolden, training) { this->train(); }
TYPED_TEST_P(LayerGolden, inference) { this->infer(); }
REGISTER_TYPED_TEST_SUITE_P(LayerGolden, training, inference);
