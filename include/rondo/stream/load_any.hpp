// SPDX-License-Identifier: MIT
#pragma once

#include "../io/dispatch.hpp"
#include "any_stream.hpp"

namespace rondo::inline v0_1 {

/// A stream of whichever candidate a file holds: load_any<Sizes<Amp, 8, 16, 20>>("amp.safetensors").
///
/// Errors  those of dispatch; the second form then returns a stream without a network.
template <class... Candidates, class File>
auto load_any(const File& file) {
    return dispatch<Candidates...>(file, [](const auto& model) { return BasicAnyStream{model}; });
}
template <class... Candidates, class File>
auto load_any(const File& file, Error& error) noexcept {
    return dispatch<Candidates...>(file, [](const auto& model) noexcept { return BasicAnyStream{model}; }, error);
}

} // namespace rondo
