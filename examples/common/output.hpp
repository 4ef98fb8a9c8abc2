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

/// Reports an error after which the program continues; its exit code is not 0 then.
inline void complain(const std::string& what) {
    std::fflush(stdout);
    std::cerr << rondo::printable(what) << '\n';
    detail::fell_short = true;
}
inline bool fell_short() { return detail::fell_short; }

/// Flushes standard output at the end of a program, so that a full disk is reported as an error.
///
/// Errors  file: some output could not be written.
inline void finish_output() {
    const bool lost = std::ferror(stdout) != 0;
    errno = 0;
    std::cout.flush();
    if (std::fflush(stdout) == 0 && !lost && std::cout) return;
    const std::string reason = errno != 0 ? std::generic_category().message(errno) : "some of it is lost";
    rondo::fail(rondo::Error::Kind::file, "cannot write to the standard output: " + reason);
}

} // namespace common
