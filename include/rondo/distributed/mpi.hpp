// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "message_communicator.hpp"

#if !defined(OMPI_SKIP_MPICXX)
#define OMPI_SKIP_MPICXX // only MPI for C
#endif
#if !defined(MPICH_SKIP_MPICXX)
#define MPICH_SKIP_MPICXX
#endif
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of an MPICommunicator.
///
/// deadline  how long a rank waits for a message of another one. MPI itself would wait for ever. It must exceed what
///           ranks may do while others wait: read a batch, write a checkpoint, validate at different speeds.
/// Units     seconds
struct MPISettings {
    double deadline = 60;
};

/// The ranks that mpirun (or srun) has started, by any implementation of MPI 3.
///
///   int main() {
///       MPICommunicator ranks;
///       ...
///       Trainer trainer{model, CrossEntropy{}, Adam{}, {.threads = 2, .communicator = &ranks}};
///       fit(trainer, data, {.epochs = 10});
///   }
///
/// It initializes MPI, unless the program has done so, and its destructor finalizes it then: one object, in main, which
/// outlives the trainers. Only the thread that has constructed it calls MPI. A program without mpirun is rank 0 of 1.
///
/// Messages are nonblocking operations, which are polled until the deadline; meanwhile failures of other ranks are
/// received. After a failure MPI is not finalized, since lost ranks would be waited for: the process ends, and mpirun
/// ends those that remain.
///
/// Errors  device: MPI does not start. Later, of each collective call: a rank that does not answer in time or has
///         failed, an error of MPI. They name the rank.
/// Memory  see MessageCommunicator; a request for each message. MPI's own memory.
class MPICommunicator : public detail::MessageCommunicator {
public:
    explicit MPICommunicator(const MPISettings& settings = {})
        : settings_{settings}, exceptions_{std::uncaught_exceptions()} {
        if (!(settings.deadline > 0))
            rondo::fail(Error::Kind::argument, "rondo::MPICommunicator: deadline: expected more than 0 seconds, got " +
                                                   detail::short_text(settings.deadline));
        int initialized = 0;
        MPI_Initialized(&initialized);
        owns_ = initialized == 0;
        int provided = MPI_THREAD_SINGLE;
        if (owns_) require(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
        require(MPI_Comm_dup(MPI_COMM_WORLD, &messages_), "MPI_Comm_dup");
        require(MPI_Comm_dup(MPI_COMM_WORLD, &failures_), "MPI_Comm_dup");
        MPI_Comm_set_errhandler(messages_, MPI_ERRORS_RETURN);
        MPI_Comm_set_errhandler(failures_, MPI_ERRORS_RETURN);
        MPI_Comm_rank(messages_, &rank_);
        MPI_Comm_size(messages_, &size_);
        listen();
    }
    ~MPICommunicator() override {
        if (std::uncaught_exceptions() > exceptions_)
            fail({Error::Kind::device, "rondo: rank " + std::to_string(rank_) + " was left by an exception"});
        if (failure_ || barrier()) {
            // So that others have said what they have to say when mpirun sees this process end.
            std::this_thread::sleep_for(std::chrono::milliseconds{500});
            return;
        }
        MPI_Cancel(&listening_);
        MPI_Wait(&listening_, MPI_STATUS_IGNORE);
        MPI_Comm_free(&messages_);
        MPI_Comm_free(&failures_);
        if (owns_) MPI_Finalize();
    }

    int rank() const override { return rank_; }
    int size() const override { return size_; }
    const Error& failure() const override { return failure_; }
    Error fail(const Error& error) override {
        if (failure_ || !error) return failure_;
        failure_ = error;
        Told told{std::int32_t(error.kind), {}};
        const std::size_t length = (std::min)(error.message.size(), told.message.size() - 1);
        std::copy_n(error.message.data(), length, told.message.data());
        told_ = told;
        std::vector<MPI_Request> requests(std::size_t(size_), MPI_REQUEST_NULL);
        for (int r = 0; r < size_; ++r)
            if (r != rank_) MPI_Isend(&told_, sizeof told_, MPI_BYTE, r, 0, failures_, &requests[std::size_t(r)]);
        // Some may be lost: what cannot be delivered in a moment stays behind.
        const auto begin = Clock::now();
        for (int all = 0; all == 0 && seconds_since(begin) < 1; pause(100))
            MPI_Testall(int(requests.size()), requests.data(), &all, MPI_STATUSES_IGNORE);
        return failure_;
    }

    Error exchange(const detail::Messages& messages) override {
        if (failure_) return failure_;
        requests_.clear();
        peers_.clear();
        for (const detail::Receive& one : messages.receives)
            each_part(one.size, [&](std::size_t first, int count) {
                MPI_Irecv(one.bytes + first, count, MPI_BYTE, one.from, 0, messages_, request(one.from));
            });
        for (const detail::Send& one : messages.sends)
            each_part(one.size, [&](std::size_t first, int count) {
                MPI_Isend(one.bytes + first, count, MPI_BYTE, one.to, 0, messages_, request(one.to));
            });
        return wait();
    }

private:
    using Clock = std::chrono::steady_clock;
    struct Told {
        std::int32_t kind;
        std::array<char, 2000> message;
    };

    static double seconds_since(Clock::time_point begin) {
        return std::chrono::duration<double>(Clock::now() - begin).count();
    }
    static std::string text_of(int code) {
        std::array<char, MPI_MAX_ERROR_STRING + 1> text{};
        int length = 0;
        MPI_Error_string(code, text.data(), &length);
        return text.data();
    }
    static void require(int code, const char* what) {
        if (code != MPI_SUCCESS)
            rondo::fail(Error::Kind::device, std::string{"rondo::MPICommunicator: "} + what + ": " + text_of(code));
    }
    // MPI counts in int.
    template <class F>
    static void each_part(std::size_t size, const F& f) {
        constexpr std::size_t most = std::size_t{1} << 30;
        for (std::size_t first = 0; first < size; first += most) f(first, int((std::min)(most, size - first)));
    }
    MPI_Request* request(int peer) {
        peers_.push_back(peer);
        requests_.push_back(MPI_REQUEST_NULL);
        return &requests_.back();
    }
    void listen() { MPI_Irecv(&heard_, sizeof heard_, MPI_BYTE, MPI_ANY_SOURCE, 0, failures_, &listening_); }
    /// Whether another rank has told of a failure.
    bool hears() {
        int told = 0;
        MPI_Test(&listening_, &told, MPI_STATUS_IGNORE);
        if (told == 0) return false;
        failure_ = {Error::Kind(heard_.kind), heard_.message.data()};
        return true;
    }
    // Others may need the processor: they are left it after a few microseconds.
    static void pause(std::size_t turn) {
        if (turn > 2000) std::this_thread::sleep_for(std::chrono::microseconds{50});
        else if (turn > 50) std::this_thread::yield();
    }
    Error wait() {
        const auto begin = Clock::now();
        for (std::size_t turn = 0;; pause(++turn)) {
            int all = 0;
            const int code = MPI_Testall(int(requests_.size()), requests_.data(), &all, MPI_STATUSES_IGNORE);
            if (code != MPI_SUCCESS)
                return fail({Error::Kind::device, "rondo: rank " + std::to_string(rank_) + ": MPI: " + text_of(code)});
            if (all != 0) return {};
            if (turn % 16 != 0) continue;
            if (hears()) return failure_;
            if (seconds_since(begin) > settings_.deadline) return fail(late());
        }
    }
    Error late() {
        std::string ranks;
        std::vector<int> named;
        for (std::size_t k = 0; k < requests_.size(); ++k) {
            int done = 1;
            MPI_Request_get_status(requests_[k], &done, MPI_STATUS_IGNORE);
            if (done != 0 || std::find(named.begin(), named.end(), peers_[k]) != named.end()) continue;
            named.push_back(peers_[k]);
            ranks += (ranks.empty() ? "" : ", ") + std::to_string(peers_[k]);
        }
        return {Error::Kind::device, "rondo: rank " + std::to_string(rank_) + ": expected an answer of rank " + ranks +
                                         " within " + detail::short_text(settings_.deadline) +
                                         " seconds, got none: it or the connection to it is lost, or it is too slow"};
    }

    MPISettings settings_;
    int exceptions_;
    bool owns_ = false;
    MPI_Comm messages_ = MPI_COMM_NULL, failures_ = MPI_COMM_NULL;
    int rank_ = 0, size_ = 1;
    Error failure_;
    Told told_{}, heard_{};
    MPI_Request listening_ = MPI_REQUEST_NULL;
    std::vector<MPI_Request> requests_;
    std::vector<int> peers_; // of each request
};

} // namespace rondo
