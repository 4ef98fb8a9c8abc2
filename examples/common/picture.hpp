// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace common {

/// Quotes a text for gnuplot's double quotes, in which gnuplot interprets some characters, and passes text between
/// backticks to the shell.
std::string label(std::string_view text);
/// The same for the label of a tick, which gnuplot interprets as a format.
std::string tick(std::string_view text);

/// Draws NAME.png and NAME.svg with gnuplot from NAME.dat, and keeps data and script (NAME.gp) beside them. Without
/// gnuplot only these are written, and a message says so. Older pictures are replaced by complete ones only.
///
/// `plot` is a gnuplot script: labels and plot commands that read 'NAME.dat'. The colours suit colour-blind readers.
void draw(const std::filesystem::path& folder, const std::string& name, std::string_view data, std::string_view plot,
          int width = 960, int height = 600);

} // namespace common
