// SPDX-License-Identifier: MIT
// Loads two shared libraries that hold different Rondos, all their symbols in one space, and compares what they say.
#include "two_libraries.hpp"

#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static Library open(const char* path) {
    void* const handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    void* const found = handle ? dlsym(handle, "library") : nullptr;
    if (!found) {
        std::printf("%s\n", dlerror());
        std::exit(1);
    }
    Library (*tell)();
    std::memcpy(&tell, &found, sizeof tell);
    return tell();
}

// two_libraries FIRST SECOND
int main(int, char** argv) {
    const Library first = open(argv[1]), second = open(argv[2]);
    constexpr int count = 50;
    std::vector<float> in(3 * count), a(count), b(count), own_a(count), own_b(count);
    for (std::size_t k = 0; k < in.size(); ++k) in[k] = std::sin(float(k * k));
    second.other(in.data(), b.data(), count);
    first.other(in.data(), a.data(), count);
    first.own(in.data(), own_a.data(), count);
    second.own(in.data(), own_b.data(), count);
    float worst = 0, apart = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        worst = std::max(worst, std::abs(a[k] - b[k]));
        apart = std::max(apart, std::abs(own_a[k] - own_b[k]));
    }
    std::printf("%s of %d units and %s of %d: the same network differs by %g, their own by %g\n", first.level,
                first.size, second.level, second.size, double(worst), double(apart));
    return worst < 2e-6f && apart > 0.01f && first.size != second.size ? 0 : 1;
}
