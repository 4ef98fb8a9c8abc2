// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../io/onnx/protobuf_write.hpp"
#include "../io/tfrecord.hpp"
#include "callback.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A callback of `fit` that writes all numbers as scalars to an event file, which TensorBoard displays while the run
/// goes on: those of epochs as "epoch/loss" and so on over the epochs, those of steps as "steps/loss" over the
/// mini-batches.
///
///   options.callbacks = {TensorBoard{"runs/first"}};
///   options.every_steps = 10;                         // tensorboard --logdir runs
///
/// The folder is created; each TensorBoard is a file of its own, so that a run that is resumed goes on beside its first
/// file. The file is appended to: its last record may be cut off if the program is killed, which readers expect.
///
/// Errors  file: a folder or file that cannot be created or written.
/// Source  Event and Summary of tensorflow/core (event.proto, summary.proto).
class TensorBoard {
public:
    explicit TensorBoard(const std::filesystem::path& folder) : state_{std::make_shared<State>()} {
        std::error_code problem;
        std::filesystem::create_directories(folder, problem);
        const std::string name = "events.out.tfevents." + std::to_string(std::int64_t(now())) + ".rondo";
        for (int k = 0; k < 1000 && !state_->file; ++k) { // "x": another process may write one of this second, too
            state_->path = folder / (k == 0 ? name : name + '.' + std::to_string(k));
            errno = 0;
            state_->file.reset(std::fopen(state_->path.string().c_str(), "wbx"));
            if (!state_->file && errno != EEXIST) break;
        }
        io::detail::ProtobufWriter event;
        event.real64(1, now()).text(3, "brain.Event:2");
        write(event);
    }

    const std::filesystem::path& path() const { return state_->path; }

    bool operator()(const TrainingEvent& event) const {
        if (event.kind == TrainingEvent::Kind::end) return true;
        const bool epoch = event.kind == TrainingEvent::Kind::epoch;
        io::detail::ProtobufWriter summary, record;
        for (const auto& number : event.numbers) {
            io::detail::ProtobufWriter value;
            value.text(1, (epoch ? "epoch/" : "steps/") + std::string{number.name});
            value.real(2, static_cast<float>(number.value));
            summary.message(1, value);
        }
        record.real64(1, now()).whole(2, epoch ? event.epoch : event.batch).message(5, summary);
        write(record);
        return true;
    }

private:
    struct State {
        struct Close {
            void operator()(std::FILE* open) const { std::fclose(open); }
        };
        std::filesystem::path path{};
        std::unique_ptr<std::FILE, Close> file{};
    };

    /// Seconds since 1970.
    static double now() {
        return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
    void write(const io::detail::ProtobufWriter& event) const {
        const std::string record = io::tfrecord(event.bytes());
        std::FILE* const file = state_->file.get();
        if (file) errno = 0;
        if (!file || std::fwrite(record.data(), 1, record.size(), file) != record.size() || std::fflush(file) != 0)
            fail(Error::Kind::file, "rondo::TensorBoard: " + state_->path.string() +
                                        ": cannot be written: " + (errno ? std::strerror(errno) : "unknown reason"));
    }
    std::shared_ptr<State> state_; // of all copies
};

} // namespace rondo
