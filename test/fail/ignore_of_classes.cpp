// SPDX-License-Identifier: MIT
// expect: rondo::IgnoreTargets: the loss is not over numbers; losses over classes have a setting `ignore`
// lines: 20 by g++, 40 by clang++
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/ignore_targets.hpp>

int main() { rondo::IgnoreTargets loss{rondo::CrossEntropy{}}; }
