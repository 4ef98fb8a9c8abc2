// SPDX-License-Identifier: MIT
#pragma once

#include "device.hpp"
#include "golden.hpp"
#include "networks.hpp"

#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

/// Compares a layer without states with PyTorch's: outputs, and the gradients of inputs and parameters.
template <class Case>
struct LayerGolden : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    using S = typename Case::scalar;
    using Input = std::conditional_t<reads_tokens<Net>, int, S>;

    Golden golden{Case::file, Case::name};
    std::vector<Input> x = golden.template get<Input>("x");
    DeviceSequence<B, Input, Net::input_size> input{x, {golden.extent("x", 0), golden.extent("x", 1)}};
    rondo::Model<Net, B> model;
    rondo::Workspace<Net, B> work;

    LayerGolden() { model.assign(golden.template parameters<S>(Net::tensors)); }

    auto record(DeviceSequence<B, Input, Net::input_size>& from) {
        rondo::SequenceView<const Input, Net::input_size> given = from.input();
        if constexpr (!reads_tokens<Net>) given.gradient = B::data(from.gradient);
        return work.record(model, nullptr, {}, [&](auto& run) { return Net::forward(run, given); });
    }

    /// Fills the workspace's memory with NaN, so that a use of uninitialized memory is detected.
    void soil() {
        constexpr S nan = std::numeric_limits<S>::quiet_NaN();
        auto noise = x;
        if constexpr (!reads_tokens<Net>) std::ranges::fill(noise, nan);
        DeviceSequence<B, Input, Net::input_size> other{noise, input.extent};
        const auto y = record(other);
        work.backend().fill(y.gradient, y.size(), nan);
        work.backward(nullptr);
    }

    /// Runs backward twice, since gradients add up.
    void train() {
        rondo::Model<Net, B> gradient;
        for (const double runs : {1.0, 2.0}) {
            soil();
            const auto y = record(input);
            golden.expect("y", values_of<B>(y));
            copy_to_device(work.backend(), y.gradient, golden.get<S>("dy"));
            work.backward(&gradient);
            if constexpr (!reads_tokens<Net>) golden.expect("dx", input.gradients(), runs);
            golden.expect_gradients(Net::tensors, gradient.values(), runs);
        }
    }
    void infer() {
        soil();
        golden.expect("y", values_of<B>(work.forward(model, input.input())));
    }
};

TYPED_TEST_SUITE_P(LayerGolden);
TYPED_TEST_P(LayerGolden, training) { this->train(); }
TYPED_TEST_P(LayerGolden, inference) { this->infer(); }
REGISTER_TYPED_TEST_SUITE_P(LayerGolden, training, inference);
