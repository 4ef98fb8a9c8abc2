// SPDX-License-Identifier: MIT
// All of Rondo's headers, used by nobody.
#include <rondo/rondo.hpp>

int main() {}
