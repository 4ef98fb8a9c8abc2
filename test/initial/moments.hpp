// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/parameter_spec.hpp>
#include <rondo/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

struct Moments {
    double mean = 0, variance = 0, largest = 0; // largest: of the absolute values
};

template <class S>
Moments moments(const std::vector<S>& x) {
    Moments m;
    const double n = double(x.size());
    for (S v : x) m.mean += double(v) / n;
    for (S v : x) {
        m.variance += (double(v) - m.mean) * (double(v) - m.mean) / n;
        m.largest = std::max(m.largest, std::abs(double(v)));
    }
    return m;
}

/// What an initialisation makes of a tensor.
template <class S, class Initial>
std::vector<S> drawn(const Initial& initial, const rondo::ParameterSpec& t, std::uint64_t seed = 1) {
    std::vector<S> to(t.size(), S(-77));
    initial.draw(t, rondo::RandomStream{rondo::Seed{seed}, rondo::Purpose::initial}, to.data());
    return to;
}
