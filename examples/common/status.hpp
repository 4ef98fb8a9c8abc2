// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace common {

/// Says how far something is: on a terminal in one line that is written over, elsewhere in a line now and then.
class Status {
public:
    /// The columns of the terminal, which may be resized at any time; 0: standard output is none.
    static int width() {
        if (isatty(STDOUT_FILENO) == 0) return 0;
        winsize size{};
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    }

    ~Status() { clear(); }

    /// Whether it is time to say something: what takes no time says nothing, and no text is made for nothing.
    bool due() const { return Clock::now() - last_ >= std::chrono::milliseconds(width() > 0 ? 100 : 5000); }

    /// Shows an ASCII text, cut where the terminal's line ends.
    void show(const std::string& text) {
        last_ = Clock::now();
        if (const int columns = width(); columns == 0) std::printf("%s\n", text.c_str());
        else write_over(text.substr(0, std::size_t(columns - 1)));
        std::fflush(stdout);
    }
    /// Writes a line that stays.
    void line(const std::string& text) {
        clear();
        std::printf("%s\n", text.c_str());
        std::fflush(stdout);
        last_ = Clock::now();
    }
    /// What is shown stays, and the next line begins below it.
    void keep() {
        if (shown_ > 0) std::printf("\n");
        shown_ = 0;
    }
    void clear() {
        if (shown_ > 0) write_over("");
    }

private:
    using Clock = std::chrono::steady_clock;
    void write_over(const std::string& text) { // and what is left of a longer one is erased, or blanked
        static constexpr const char* erase = "\033[K";
        const char* const terminal = std::getenv("TERM");
        const bool dumb = !terminal || std::string_view{terminal} == "dumb";
        const std::size_t rest = std::min(shown_, std::size_t(std::max(width(), 1)) - 1);
        const std::string blanks(dumb && rest > text.size() ? rest - text.size() : 0, ' ');
        std::printf("\r%s%s%s%s", text.c_str(), blanks.c_str(), dumb ? "" : erase, text.empty() ? "\r" : "");
        shown_ = text.size();
    }

    std::size_t shown_ = 0; // columns
    Clock::time_point last_ = Clock::now();
};

} // namespace common
