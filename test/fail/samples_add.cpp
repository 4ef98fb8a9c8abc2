// SPDX-License-Identifier: MIT
// expect: add(const Input
// expect: double
// lines: 20 by g++, 40 by clang++
#include <rondo/data/samples.hpp>

#include <vector>

int main() {
    rondo::Samples<float, 3, int, 1> data{4, rondo::Samples<float, 3, int, 1>::Target::each_sequence};
    data.add(std::vector<double>(9), 3);
}
