// SPDX-License-Identifier: MIT
#pragma once

#include <every.hpp>

#include <vector>

/// What both translation units instantiate: every one of these must be one entity in the program.
using Net =
    rondo::Sequential<rondo::Named<"in", rondo::Embedding<11, 6>>,
                      rondo::Named<"rec", rondo::GRU<6, 5, rondo::Stack{.layers = 2, .dropout = rondo::Rate{20}}>>,
                      rondo::Named<"out", rondo::Linear<5, 11>>>;

struct Outcome {
    double loss = 0;
    std::vector<float> gradient, logits;
    const void *tensors = nullptr, *name = nullptr;
    bool operator==(const Outcome&) const = default;
};

namespace {
Outcome run_here() { // each unit's own, so that each instantiates what it needs
    std::vector<int> tokens(7 * 3), targets(7 * 3);
    for (std::size_t k = 0; k < tokens.size(); ++k) tokens[k] = int(k * 5 % 11), targets[k] = int(k * 3 % 11);
    const rondo::Tokens x{tokens.data(), nullptr, {7, 3}}, y{targets.data(), nullptr, {7, 3}};
    const rondo::Model<Net> model{rondo::Seed{1}};
    rondo::Model<Net> gradient;
    rondo::Workspace<Net> work;
    Outcome out;
    out.loss = work.train(model, &gradient, nullptr, {rondo::Seed{1}, 1, true}, [&](auto& run) {
        return rondo::CrossEntropy{}(run, Net::forward(run, x), y, rondo::CrossEntropy{}.terms(y));
    });
    out.gradient = gradient.values();
    const auto logits = work.forward(model, x);
    out.logits.assign(logits.value, logits.value + logits.size());
    out.tensors = &Net::tensors;
    out.name = &rondo::layer<"rec">;
    return out;
}
}

Outcome run_a();
Outcome run_b();
