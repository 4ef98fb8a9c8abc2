// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/core/printable.hpp>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <system_error>

namespace common {

namespace detail {
inline bool fell_short = false;
}

/// Says what failed where the program has more to do; its exit code tells of it in the end.
inline void complain(const std::string& what) {
    std::fflush(stdout);
    std::cerr << rondo::printable(what) << '\n';
    detail::fell_short = true;
}
inline bool fell_short() { return detail::fell_short; }

/// Brings what a program said to its standard output; a program's last act, so that a full disk is an error of its.
///
/// Errors  file: some of it could not be written.
inline void finish_output() {
    const bool lost = std::ferror(stdout) != 0;
    errno = 0;
    std::cout.flush();
    if (std::fflush(stdout) == 0 && !lost && std::cout) return;
    const std::string reason = errno != 0 ? std::generic_category().message(errno) : "some of it is lost";
    rondo::fail(rondo::Error::Kind::file, "cannot write to the standard output: " + reason);
}

} // namespace common
