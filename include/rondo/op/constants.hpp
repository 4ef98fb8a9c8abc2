// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Numbers that are part of the operation's own value, so that they live as long as the program, and a graph that was
/// captured from it contains them.
template <class S>
struct WriteConstants {
    static constexpr std::size_t most = 32;
    S values[most]{};
    std::size_t count = 0;
    S* to = nullptr;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        to[n] = values[n];
    }
    template <class Context>
    void forward(Context& context) const {
        context.backend().columns(*this, count);
    }
};
}

/// Records numbers of the host in the backend's memory, such as the settings of a loss; null if there are none. They
/// are copied while the forward is recorded: `numbers` need not live longer.
template <class Run>
auto take_constants(Run& run, std::span<const double> numbers) {
    using S = typename Run::scalar;
    S* const all = numbers.empty() ? nullptr : run.take(numbers.size());
    for (std::size_t k = 0; k < numbers.size();) {
        detail::WriteConstants<S> part;
        for (part.to = all + k; part.count < part.most && k < numbers.size(); ++k)
            part.values[part.count++] = S(numbers[k]);
        run.execute(part);
    }
    return static_cast<const S*>(all);
}

} // namespace rondo
