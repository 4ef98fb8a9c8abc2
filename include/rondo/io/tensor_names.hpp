// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline v0_1::io {

/// How a file calls the tensors of a network, where it does not call them as the network does.
///
/// prefix   before every name; what the file has under other names is not the network's and is not looked at
/// renamed  beginnings of the network's names and what the file has in their place, the first that fits
///
///   load(model, "amp.safetensors", {.prefix = "rec."});                      // weight_ih_l0 is rec.weight_ih_l0
///   load(model, "all.safetensors", {.renamed = {{"lstm.", "rec."}, {"fc.", "lin."}}});
struct TensorNames {
    std::string prefix{};
    std::vector<std::pair<std::string, std::string>> renamed{};

    std::string in_file(std::string_view name) const {
        for (const auto& [from, to] : renamed)
            if (name.starts_with(from)) return prefix + to + std::string{name.substr(from.size())};
        return prefix + std::string{name};
    }
};

} // namespace rondo::io
