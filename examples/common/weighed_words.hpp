// SPDX-License-Identifier: MIT
#pragma once

#include "picture.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace common {

/// The words of a sentence, the attention weight of each, and which of them should have the largest, if it is known.
///
/// Units  weights from 0 to 1. Words have neither tabs nor double quotes.
struct WeighedWords {
    std::string title{};
    std::vector<std::string> words{};
    std::vector<float> weights{};
    int expected = -1;

    int largest() const { return int(std::ranges::max_element(weights) - weights.begin()); }
};

/// Draws a row for each sentence and a cell for each word, deeper blue for larger weights; for a long sentence, only
/// the words around the largest weight. `titles` describes the rows' titles.
inline void draw(const std::filesystem::path& folder, const std::string& name, const std::string& titles,
                 const std::vector<WeighedWords>& sentences) {
    constexpr int columns = 16;
    std::string data = "# row\tcolumn\tweight\texpected\tword\n", marks, key = "notitle", steps = "word";
    for (std::size_t n = 0; n < sentences.size(); ++n) {
        const WeighedWords& s = sentences[n];
        const int size = int(s.words.size()),
                  first = std::clamp(s.largest() - columns / 2, 0, std::max(0, size - columns));
        if (size > columns) steps = "word (of a long text, those around the largest weight)";
        for (int t = first; t < std::min(size, first + columns); ++t)
            data += std::to_string(n + 1) + '\t' + std::to_string(t - first + 1) + '\t' +
                    std::to_string(s.weights[std::size_t(t)]) + (t == s.expected ? "\t1\t" : "\t0\t") +
                    s.words[std::size_t(t)] + '\n';
        marks += (n > 0 ? ", " : "") + tick(s.title) + ' ' + std::to_string(n + 1);
        if (s.expected >= 0) key = "title 'the word that decides'";
    }
    const std::string from = "'" + name + ".dat' using 2:1:", rows = std::to_string(sentences.size());
    draw(folder, name, data,
         "set datafile separator tab\nset tics scale 0\nunset grid\nset key outside top center horizontal\n"
         "set xlabel " +
             label(steps) + "\nset xrange [0.5:16.5]\nset xtics 1\nset ylabel " + label(titles) + "\nset yrange [" +
             rows + ".5:0.5]\nset ytics (" + marks +
             ")\nset cblabel 'attention weight'\nset cbrange [0:1]\n"
             "set palette defined (0 '#ffffff', 1 '#0072b2')\n"
             "short(word) = strlen(word) > 9 ? substr(word, 1, 7).'\u2026' : word\n"
             "plot " +
             from + "(0.47):(0.4):3 with boxxyerror fs solid 1 lc palette notitle, " + from +
             "(0.47):($4 == 1 ? 0.4 : NaN) with boxxyerror fs empty border lc rgb '#d55e00' lw 3 " + key + ", " + from +
             "(short(strcol(5))):($3 > 0.6 ? 0xffffff : 0) with labels noenhanced font ',11' tc rgb variable notitle",
         1700, 140 + 45 * int(sentences.size()));
}

} // namespace common
