// SPDX-License-Identifier: MIT
#pragma once

#include "../support.hpp"

#include <rondo/model/workspace.hpp>

#include <vector>

/// Outputs, final states and all gradients of a forward and a backward, on the host.
template <class Layer, class B>
std::vector<float> trained(const rondo::Extent& extent) {
    constexpr int in = Layer::input_size;
    DeviceSequence<B, float, in> x{numbers<float>(in * extent.columns(), 1), extent};
    const rondo::Model<Layer, B> model{rondo::Seed{1}};
    rondo::Model<Layer, B> gradient;
    rondo::Workspace<Layer, B> work;
    const auto [y, final] =
        work.record(model, nullptr, {}, [&](auto& run) { return Layer::forward(run, x.view(), rondo::from_zero); });
    copy_to_device(work.backend(), y.gradient, numbers<float>(y.size(), 2));
    set_gradients(work.backend(), final, numbers<float>(final.size() * Layer::components, 3));
    auto all = values_of<B>(y);
    work.backward(&gradient);
    for (const auto& more : {final_of<B>(final), x.gradients(), gradient.values()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}
