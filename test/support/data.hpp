// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

/// The folder test/ of the source tree: the environment's RONDO_TEST_DATA, or where the build found it.
std::filesystem::path test_data();
