// SPDX-License-Identifier: MIT
// All of Rondo's headers, without a use.
#include <rondo/rondo.hpp>

int main() {}
