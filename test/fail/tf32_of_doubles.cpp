// SPDX-License-Identifier: MIT
// expect: rondo: products of doubles are exact: tf32 and bf16 are for ThrustBackend<float>
#include <rondo/backend/thrust/backend.hpp>

int main() { rondo::ThrustBackend<double, rondo::gpu::Hopper, rondo::gpu::Products::tf32> backend; }
