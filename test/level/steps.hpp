// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

/// What a translation unit that is built for some processor makes of a model's parameters and some inputs.
struct Outputs {
    std::string_view level;
    std::vector<float> streamed, unrolled;
};
using Steps = Outputs(const std::vector<float>& parameters, const std::vector<float>& x);

Steps steps_of_the_baseline, steps_without_wider_packs, steps_of_this_processor;
