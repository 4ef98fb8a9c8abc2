// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

/// The folder test/ of the source tree: the environment variable RONDO_TEST_DATA, or the path from the build.
std::filesystem::path test_data();
