// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/data/table.hpp>

#include <filesystem>

namespace common {

/// The table in a file, in whichever of the usual ways it is written.
///
/// Errors  those of rondo::read_table.
inline rondo::Table read_any_table(const std::filesystem::path& file) {
    const std::string text = rondo::io::read_text(file);
    return rondo::parse_table(text, rondo::table_format(text), file.string());
}

} // namespace common
