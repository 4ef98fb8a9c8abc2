// SPDX-License-Identifier: MIT
#include "picture.hpp"

#include "files.hpp"
#include "output.hpp"

#include <rondo/io/file.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <system_error>
#include <utility>

namespace common {

namespace {
void write(const std::filesystem::path& path, std::string_view text) {
    rondo::io::write_file(path, std::as_bytes(std::span{text}));
}
// Quotes a text for a POSIX shell: inside single quotes, only the single quote is special.
std::string quoted(const std::string& text) {
    std::string all = "'";
    for (char c : text) all += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    return all + "'";
}
} // namespace

std::string label(std::string_view text) {
    std::string all = "\"";
    for (const char c : text)
        if (c == '`') all += "\\140";
        else if (c == '\\') all += "\\\\\\\\";
        else if (c == '"') all += "\\\"";
        else if (static_cast<unsigned char>(c) < ' ') all += ' ';
        else if (std::string_view{"{}^_@&~"}.find(c) != std::string_view::npos) (all += "\\\\") += c;
        else all += c;
    return all + '"';
}
std::string tick(std::string_view text) {
    std::string all;
    for (const char c : text) all += c == '%' ? std::string{"%%"} : std::string(1, c);
    return label(all);
}

namespace {
// Whether a picture is complete: gnuplot does not report a full disk.
bool ends_as_picture(const std::filesystem::path& path) {
    rondo::Error problem;
    const rondo::io::Bytes bytes = rondo::io::read_file(path, rondo::io::no_limit, problem);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const std::string_view end = text.substr(text.size() - std::min<std::size_t>(text.size(), 12));
    return end.find("IEND") != end.npos || end.find("</svg>") != end.npos;
}
} // namespace

void draw(const std::filesystem::path& folder, const std::string& name, std::string_view data, std::string_view plot,
          int width, int height) {
    make_folder(folder);
    write(folder / (name + ".dat"), data);
    const std::string size = std::to_string(width) + ',' + std::to_string(height);
    std::string script = "# gnuplot " + name + ".gp\nset encoding utf8\nif (!exists('part')) part = ''\n";
    for (const auto& [terminal, ending] : {std::pair{"svg size " + size + " font 'sans,16' background 'white'", ".svg"},
                                           std::pair{"pngcairo size " + size + " font 'sans,14'", ".png"}}) {
        script += "\nreset\nset terminal " + terminal + "\nset output '" + name + ending + "'.part\n";
        script += "set grid lc rgb '#dddddd'\nset key top right\n"
                  "set linetype 1 lc rgb '#0072b2' lw 2\nset linetype 2 lc rgb '#d55e00' lw 2\n"
                  "set linetype 3 lc rgb '#009e73' lw 2\nset linetype 4 lc rgb '#cc79a7' lw 2\n"
                  "set palette defined "
                  "(0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')\n";
        script += std::string{plot} + "\nunset output\n";
    }
    write(folder / (name + ".gp"), script);
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        std::printf("gnuplot is not installed: no picture; data and script are %s and .gp\n",
                    (folder / (name + ".dat")).c_str());
        return;
    }

    const std::string command =
        "cd " + quoted(folder.string()) + " && gnuplot -e \"part='.part'\" " + name + ".gp >/dev/null 2>&1";
    bool drawn = std::system(command.c_str()) == 0;
    for (const char* ending : {".png", ".svg"}) {
        const std::filesystem::path file = folder / (name + ending), part = file.string() + ".part";
        std::error_code problem;
        drawn = drawn && ends_as_picture(part);
        if (drawn) std::filesystem::rename(part, file, problem);
        else std::filesystem::remove(part, problem);
        drawn = drawn && !problem;
    }
    if (drawn) std::printf("picture: %s and .svg\n", (folder / (name + ".png")).c_str());
    else complain("no picture: gnuplot failed, or the disk is full; try it on " + (folder / (name + ".gp")).string());
}

} // namespace common
