// SPDX-License-Identifier: MIT
#pragma once

#include "device.hpp"
#include "golden.hpp"
#include "networks.hpp"

#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

/// Compares a recurrent layer with PyTorch's: outputs, final states, and the gradients of inputs, initial states and
/// parameters.
template <class Case>
struct RecurrentGolden : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    using S = typename Case::scalar;
    static constexpr int components = Net::components;

    using X = DeviceSequence<B, S, Net::input_size>;
    using States = PlacedStates<B, typename Net::template StatesOf<S>>;

    struct Variant {
        Golden golden;
        std::vector<int> lengths;
        rondo::Extent extent;
        X x;
        std::vector<S> start;
        States initial;

        explicit Variant(std::string_view name)
            : golden{Case::file, std::string{Case::name} + "/" + std::string{name}},
              lengths{golden.has("lengths") ? golden.get<int>("lengths") : std::vector<int>{}},
              extent{golden.extent("x", 0), golden.extent("x", 1), lengths.empty() ? nullptr : lengths.data()},
              x{poisoned("x", Net::input_size), extent},
              start{golden.has("h0") ? components_of("h0", "c0") : std::vector<S>{}}, initial{start, extent.batch} {}
        /// Padding is NaN, since it must not be read.
        std::vector<S> poisoned(std::string_view name, int rows) const {
            auto all = golden.get<S>(name);
            for (int t = 0; t < extent.steps; ++t)
                for (int b = 0; b < extent.batch; ++b)
                    if (!extent.active(t, b))
                        std::fill_n(all.begin() + (t * extent.batch + b) * rows, rows,
                                    std::numeric_limits<S>::quiet_NaN());
            return all;
        }
        std::vector<S> components_of(std::string_view h, std::string_view c) const {
            auto all = golden.get<S>(h);
            if (components > 1) std::ranges::copy(golden.get<S>(c), std::back_inserter(all));
            return all;
        }
        void expect(std::string_view h, std::string_view c, const std::vector<S>& got, double times = 1) const {
            const auto size = std::ptrdiff_t(got.size()) / components;
            for (int k = 0; k < components; ++k)
                golden.expect(k == 0 ? h : c, std::vector<S>(got.begin() + k * size, got.begin() + (k + 1) * size),
                              times);
        }
    };

    rondo::Model<Net, B> model;
    rondo::Workspace<Net, B> work;

    RecurrentGolden() { model.assign(Golden{Case::file, Case::name}.template parameters<S>(Net::tensors)); }

    auto record(X& x, States& initial) {
        const rondo::SequenceView<const S, Net::input_size> input = x.view();
        return work.record(model, nullptr, {}, [&](auto& run) { return Net::forward(run, input, initial.view()); });
    }

    /// Fills the workspace's memory with NaN, so that a use of uninitialized memory is detected.
    void soil(std::string_view name) {
        constexpr S nan = std::numeric_limits<S>::quiet_NaN();
        const Variant like{name};
        X x{std::vector<S>(like.x.value.size(), nan), {like.extent.steps, like.extent.batch}};
        States initial{std::vector<S>(like.start.size(), nan), like.extent.batch};
        const auto [y, last] = record(x, initial);
        work.backend().fill(y.gradient, y.size(), nan);
        for (int k = 0; k < components; ++k) work.backend().fill(last.gradient[k], last.size(), nan);
        work.backward(nullptr);
    }

    /// Runs backward twice, since gradients add up.
    void train(std::string_view name) {
        Variant v{name};
        const Golden& golden = v.golden;
        rondo::Model<Net, B> gradient;
        for (const double runs : {1.0, 2.0}) {
            soil(name);
            const auto [y, last] = record(v.x, v.initial);
            golden.expect("y", values_of<B>(y));
            v.expect("h_n", "c_n", final_of<B>(last));
            copy_to_device(work.backend(), y.gradient, v.poisoned("dy", Net::output_size));
            set_gradients(work.backend(), last, v.components_of("dh_n", "dc_n"));
            work.backward(&gradient);
            golden.expect("dx", v.x.gradients(), runs);
            if (!v.start.empty()) v.expect("dh0", "dc0", v.initial.gradients(), runs);
            golden.expect_gradients(Net::tensors, gradient.values(), runs);
        }
    }

    /// Inference; in one direction with a persistent state.
    void infer(std::string_view name) {
        soil(name);
        Variant v{name};
        if constexpr (Net::directions == 1) {
            rondo::BatchState<Net, B> state{v.extent.batch};
            if (!v.start.empty()) state.assign(v.start);
            v.golden.expect("y", values_of<B>(work.forward(model, state, v.x.input())));
            v.expect("h_n", "c_n", state.values());
        } else {
            const auto [y, last] = work.evaluate(
                model, nullptr, [&](auto& run) { return Net::forward(run, v.x.input(), v.initial.view()); });
            v.golden.expect("y", values_of<B>(y));
            v.expect("h_n", "c_n", final_of<B>(last));
        }
    }
};

TYPED_TEST_SUITE_P(RecurrentGolden);
TYPED_TEST_P(RecurrentGolden, plain) { this->train("plain"); }
TYPED_TEST_P(RecurrentGolden, full) { this->train("full"); }
TYPED_TEST_P(RecurrentGolden, inference) {
    this->infer("full");
    this->infer("plain");
}
REGISTER_TYPED_TEST_SUITE_P(RecurrentGolden, plain, full, inference);
