// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstring>

/// The peak resident memory of this process on Linux.
///
/// Units  KB; 0 if it is not available.
inline long memory() {
    long most = 0;
    if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
        for (char line[256]; std::fgets(line, sizeof line, status) != nullptr;)
            if (std::strncmp(line, "VmHWM:", 6) == 0) std::sscanf(line + 6, "%ld", &most);
        std::fclose(status);
    }
    return most;
}
