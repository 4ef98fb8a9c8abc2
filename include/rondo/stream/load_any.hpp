// SPDX-License-Identifier: MIT
#pragma once

#include "../io/dispatch.hpp"
#include "any_stream.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline constexpr auto make_any = []<class Net, Backend B>(const Model<Net, B>& model,
                                                          const State<Net, typename B::scalar>& rest) {
    return BasicAnyStream<typename Stream<Net, B>::input, typename B::scalar>{model, rest};
};
}

/// A stream of the candidate that fits a file: load_any<Sizes<Amp, 8, 16, 20>>("amp.safetensors"). Its rest state is
/// the initial state in the file, if there is one.
///
/// Errors  those of dispatch; the noexcept overload then returns a stream without a network.
template <class... Candidates, class File>
auto load_any(const File& file, Error& error) noexcept {
    return no_throw(error, [&] { return dispatch<Candidates...>(file, detail::make_any, error); });
}
template <class... Candidates, class File>
auto load_any(const File& file) {
    return or_fail([&](Error& error) { return load_any<Candidates...>(file, error); });
}

} // namespace rondo
