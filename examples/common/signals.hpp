// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <csignal>
#include <cstddef>

namespace common {

namespace detail {
inline volatile std::sig_atomic_t signal_seen = 0;
}

/// The signal that has stopped a training, or 0.
inline int stopped_by() { return detail::signal_seen; }

/// While an object exists, the first SIGINT (Ctrl-C), SIGTERM, SIGHUP (a closed terminal) or SIGPIPE (a closed pipe)
/// only sets stopped_by(), so that a training can stop and be saved; a second one terminates the program. A signal that
/// was ignored stays ignored (nohup). The destructor restores the previous handlers.
class Signals {
public:
    Signals() {
        struct sigaction note{};
        note.sa_handler = [](int number) {
            if (detail::signal_seen == 0) detail::signal_seen = number;
            else if (number != SIGPIPE) {
                std::signal(number, SIG_DFL);
                std::raise(number); // blocked until this handler returns
            }
        };
        sigemptyset(&note.sa_mask);
        note.sa_flags = SA_RESTART;
        for (std::size_t k = 0; k < numbers.size(); ++k) {
            sigaction(numbers[k], nullptr, &before_[k]);
            if (before_[k].sa_handler != SIG_IGN) sigaction(numbers[k], &note, nullptr);
        }
    }
    ~Signals() {
        for (std::size_t k = 0; k < numbers.size(); ++k) sigaction(numbers[k], &before_[k], nullptr);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

private:
    static constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    std::array<struct sigaction, numbers.size()> before_{};
};

} // namespace common
