// SPDX-License-Identifier: MIT
// Eigen's part of the headers' compile time.
#include <Eigen/Core>

int main() {}
