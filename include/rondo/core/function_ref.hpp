// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <concepts>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A reference to a callable object, which must outlive it: std::function_ref of C++26, for const objects. A function
/// with such a parameter is compiled once, not once for each lambda.
template <class Signature>
class FunctionRef;

template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
public:
    template <class F>
        requires (!std::same_as<F, FunctionRef> && std::is_invocable_r_v<Result, const F&, Arguments...>)
    FunctionRef(const F& f)
        : object_{&f}, call_{[](const void* object, Arguments... arguments) -> Result {
              return (*static_cast<const F*>(object))(static_cast<Arguments>(arguments)...);
          }} {}
    Result operator()(Arguments... arguments) const { return call_(object_, static_cast<Arguments>(arguments)...); }

private:
    const void* object_;
    Result (*call_)(const void*, Arguments...);
};

} // namespace rondo
