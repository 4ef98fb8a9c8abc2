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

/// Prints progress: on a terminal in one line that is overwritten, elsewhere as a line from time to time.
class Status {
public:
    /// The columns of the terminal, which may be resized at any time; 0 if standard output is not a terminal.
    static int width() {
        if (isatty(STDOUT_FILENO) == 0) return 0;
        winsize size{};
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    }

    ~Status() { clear(); }

    /// Whether an update is due, so that texts that would not be shown need not be made.
    bool due() const { return Clock::now() - last_ >= std::chrono::milliseconds(width() > 0 ? 100 : 5000); }

    /// Shows an ASCII text, truncated to the terminal's width.
    void show(const std::string& text) {
        last_ = Clock::now();
        if (const int columns = width(); columns == 0) std::printf("%s\n", text.c_str());
        else write_over(text.substr(0, std::size_t(columns - 1)));
        std::fflush(stdout);
    }
    /// Writes a permanent line.
    void line(const std::string& text) {
        clear();
        std::printf("%s\n", text.c_str());
        std::fflush(stdout);
        last_ = Clock::now();
    }
    /// Keeps the text that is shown; the next line begins below it.
    void keep() {
        if (shown_ > 0) std::printf("\n");
        shown_ = 0;
    }
    void clear() {
        if (shown_ > 0) write_over("");
    }

private:
    using Clock = std::chrono::steady_clock;
    void write_over(const std::string& text) { // the rest of a longer line is erased, or overwritten with blanks
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
