// SPDX-License-Identifier: MIT
#pragma once

#include "golden.hpp"
#include "networks.hpp"

#include <rondo/network/workspace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

/// A recurrent layer computes what PyTorch's does: outputs, final states, and the slopes of inputs, initial states and
/// parameters.
template <class Case>
struct RecurrentGolden : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    using S = typename Case::scalar;
    static constexpr int components = Net::components;

    struct Variant {
        Golden golden;
        std::vector<S> x, dx;
        std::vector<int> lengths;
        std::vector<S> state[components], slope[components];
        rondo::Extent extent;
        typename Net::template StatesOf<S> initial;

        explicit Variant(std::string_view name)
            : golden{Case::file, std::string{Case::name} + "/" + std::string{name}}, x{golden.get<S>("x")},
              dx(x.size()), extent{golden.extent("x", 0), golden.extent("x", 1)}, initial{.batch = extent.batch} {
            if (golden.has("lengths")) {
                lengths = golden.get<int>("lengths");
                extent.lengths = lengths.data();
            }
            for (int k = 0; k < components && golden.has("h0"); ++k) {
                state[k] = golden.get<S>(k == 0 ? "h0" : "c0");
                slope[k].resize(state[k].size());
                initial.value[k] = state[k].data();
                initial.slope[k] = slope[k].data();
            }
            poison(x.data(), Net::input_size);
        }
        /// Nothing may read what padding holds.
        void poison(S* p, int rows) const {
            for (int t = 0; t < extent.steps; ++t)
                for (int b = 0; b < extent.batch; ++b)
                    if (!extent.active(t, b))
                        std::fill_n(p + (t * extent.batch + b) * rows, rows, std::numeric_limits<S>::quiet_NaN());
        }
        rondo::Sequence<const S, Net::input_size> input() { return {x.data(), dx.data(), extent}; }
    };

    rondo::Model<Net, B> model;
    rondo::Workspace<Net, B> work;

    RecurrentGolden() { model.assign(Golden{Case::file, Case::name}.template parameters<S>(Net::tensors)); }

    auto record(Variant& v) {
        return work.record(model, nullptr, {}, [&](auto& run) { return Net::forward(run, v.input(), v.initial); });
    }

    /// Leaves NaN in the memory that a run and its backward use: none of it may be taken for zero.
    void soil(std::string_view name) {
        constexpr S nan = std::numeric_limits<S>::quiet_NaN();
        Variant noise{name};
        noise.extent.lengths = nullptr;
        std::ranges::fill(noise.x, nan);
        for (auto& component : noise.state) std::ranges::fill(component, nan);
        const auto [y, last] = record(noise);
        std::fill_n(y.slope, y.size(), nan);
        for (int k = 0; k < components; ++k) std::fill_n(last.slope[k], last.size(), nan);
        work.backward(nullptr);
    }

    /// Twice, since slopes add up.
    void train(std::string_view name) {
        Variant v{name};
        const Golden& golden = v.golden;
        rondo::Model<Net, B> gradient;
        for (const double runs : {1.0, 2.0}) {
            soil(name);
            const auto [y, last] = record(v);
            golden.expect("y", y.value);
            golden.copy("dy", y.slope);
            v.poison(y.slope, Net::output_size);
            for (int k = 0; k < components; ++k) {
                golden.expect(k == 0 ? "h_n" : "c_n", last.value[k]);
                golden.copy(k == 0 ? "dh_n" : "dc_n", last.slope[k]);
            }
            work.backward(&gradient);
            golden.expect("dx", v.dx.data(), runs);
            for (int k = 0; k < components; ++k)
                if (!v.slope[k].empty()) golden.expect(k == 0 ? "dh0" : "dc0", v.slope[k].data(), runs);
            golden.expect_gradients(Net::tensors, gradient.values(), runs);
        }
    }

    /// Without a tape; in one direction, from a state that is carried on.
    void infer(std::string_view name) {
        soil(name);
        Variant v{name};
        if constexpr (Net::directions == 1) {
            rondo::BatchState<Net, B> state{v.extent.batch};
            const std::size_t size = v.initial.size();
            for (int k = 0; k < components; ++k) std::ranges::copy(v.state[k], state.data() + std::size_t(k) * size);
            v.golden.expect("y", work.forward(model, state, v.input()).value);
            for (int k = 0; k < components; ++k)
                v.golden.expect(k == 0 ? "h_n" : "c_n", state.data() + std::size_t(k) * size);
        } else {
            const auto [y, last] =
                work.evaluate(model, nullptr, [&](auto& run) { return Net::forward(run, v.input(), v.initial); });
            v.golden.expect("y", y.value);
            for (int k = 0; k < components; ++k) v.golden.expect(k == 0 ? "h_n" : "c_n", last.value[k]);
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
