// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/data/table.hpp>

#include <filesystem>

namespace common {

/// Reads a table from a file in any of the formats that rondo::table_format detects.
///
/// Errors  those of rondo::read_table.
inline rondo::Table read_any_table(const std::filesystem::path& file) {
    const std::string text = rondo::io::read_text(file);
    return rondo::parse_table(text, rondo::table_format(text), file.string());
}

} // namespace common
