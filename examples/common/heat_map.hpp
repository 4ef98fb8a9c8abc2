// SPDX-License-Identifier: MIT
#pragma once

#include "picture.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// Values over the letters of a text, row by row from below; a row has one value for each letter.
///
/// Units  from 0 to 1 or, if signed, from -1 to 1, with a diverging palette.
struct HeatMap {
    std::string title;
    bool is_signed = false;
    std::vector<float> values{};
};

namespace detail {
/// The letters as ticks of the x axis; a byte that is not printable is a dot.
inline std::string letters(std::string_view text) {
    const auto shown = [&](std::size_t t) -> std::string_view {
        const char c = text[t];
        if (c == ' ') return "\u2423";
        if (c == '\n') return "\u21b5";
        return c < ' ' || c > '~' ? "\u00b7" : text.substr(t, 1);
    };
    std::string marks;
    for (std::size_t t = 0; t < text.size(); ++t)
        marks += (t > 0 ? ", " : "") + tick(shown(t)) + ' ' + std::to_string(t);
    return "set xtics (" + marks + ")\n";
}
} // namespace detail

/// Draws heat maps of one text below each other; `rows` is the label of the y axis.
inline void draw(const std::filesystem::path& folder, const std::string& name, std::string_view text,
                 const std::string& rows, const std::vector<HeatMap>& maps) {
    const int plot_width = 20 * std::max(int(text.size()), 30), width = plot_width + 240;
    const int panel = 270, height = 44 + panel * int(maps.size());
    const auto share = [](int pixels, int of) { return std::to_string(double(pixels) / of); };
    std::string data, plot = "set multiplot layout " + std::to_string(maps.size()) + ",1 margins " + share(60, width) +
                             ',' + share(width - 180, width) + ',' + share(44, height) + ',' +
                             share(height - 46, height) + " spacing 0," + share(88, height) +
                             "\nset colorbox user origin graph " + share(plot_width + 24, plot_width) +
                             ",graph 0 size graph " + share(40, plot_width) + ",graph 1" +
                             "\nunset key\nunset grid\nset tics scale 0\nunset ytics\nset style fill solid 1\n" +
                             "set ylabel " + label(rows) + "\nset cblabel 'value'\n" + detail::letters(text);
    for (std::size_t k = 0; k < maps.size(); ++k) {
        data += "# " + maps[k].title + '\n';
        for (std::size_t n = 0; n < maps[k].values.size(); ++n)
            data += std::to_string(maps[k].values[n]) + ((n + 1) % text.size() == 0 ? '\n' : ' ');
        data += "\n\n";
        plot += maps[k].is_signed ? "set cbrange [-1:1]\nset palette defined (-1 '#0072b2', 0 '#f7f7f7', 1 '#d55e00')\n"
                                  : "set cbrange [0:1]\nset palette defined (0 '#440154', 0.25 '#3b528b', "
                                    "0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')\n";
        plot += "set title " + label(maps[k].title) + "\nplot '" + name + ".dat' index " + std::to_string(k) +
                " matrix with image pixels\n";
    }
    draw(folder, name, data, plot + "unset multiplot", width, height);
}

} // namespace common
