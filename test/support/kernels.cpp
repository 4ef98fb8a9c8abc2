// SPDX-License-Identifier: MIT
#define KERNEL template
#include "kernels.hpp"
