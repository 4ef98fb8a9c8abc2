// SPDX-License-Identifier: MIT
#pragma once

/// What each of the two shared libraries tells of itself, by the C name `library`.
struct Library {
    const char* level;                                     // the processor's instructions it was built for
    int size;                                              // its network's hidden units
    void (*own)(const float* in, float* out, int count);   // by a network of its size
    void (*other)(const float* in, float* out, int count); // by a network of a size that both libraries have
};
