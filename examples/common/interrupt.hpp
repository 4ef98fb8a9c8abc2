// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

namespace common {

namespace detail {
inline volatile std::sig_atomic_t interrupted = 0;
}

/// From here on the first Ctrl-C only sets a flag; a second one ends the program as usual.
inline void catch_interrupt() {
    std::signal(SIGINT, [](int) {
        detail::interrupted = 1;
        std::signal(SIGINT, SIG_DFL);
    });
}
inline bool interrupted() { return detail::interrupted != 0; }

} // namespace common
