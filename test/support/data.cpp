// SPDX-License-Identifier: MIT
#include "data.hpp"

#include <cstdlib>

#ifndef RONDO_TEST_DATA
#define RONDO_TEST_DATA "test"
#endif

std::filesystem::path test_data() {
    const char* moved = std::getenv("RONDO_TEST_DATA");
    return moved ? moved : RONDO_TEST_DATA;
}
