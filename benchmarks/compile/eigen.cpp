// SPDX-License-Identifier: MIT
// Eigen's part of the time that headers take.
#include <Eigen/Core>

int main() {}
