// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/printable.hpp"
#include "../core/read_number.hpp"
#include "../io/file.hpp"
#include "../io/text.hpp"
#include "callback.hpp"
#include "keep.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A callback of `fit` that writes the numbers of each epoch to a CSV file, a row an epoch, under their names.
///
///   options.callbacks = {CSVHistory{"history.csv"}};
///
///   epoch,loss,validation,accuracy,rate,seconds
///   1,0.6931,0.6802,0.55,0.001,2.31
///
/// The file is replaced by an atomic rename after each epoch. A run that is resumed, or repeated with the same
/// object, goes on in its file: rows before its first epoch stay.
///
/// Errors  file: no folder for the file, or one that cannot be written; format: the file of a run that is resumed has
///         other names.
class CSVHistory {
public:
    explicit CSVHistory(std::filesystem::path path) : state_{std::make_shared<State>()} {
        (check)(detail::folder_problem("rondo::CSVHistory", path));
        state_->path = std::move(path);
    }

    bool operator()(const TrainingEvent& event) const {
        if (event.kind != TrainingEvent::Kind::epoch) return true;
        std::string& text = state_->text;
        if (text.empty() || event.epoch <= state_->last) begin(event);
        state_->last = event.epoch;
        text += std::to_string(event.epoch);
        for (const auto& number : event.numbers) text += ',' + detail::to_text(number.value);
        text += '\n';
        io::write_file(state_->path, std::as_bytes(std::span{text}));
        return true;
    }

private:
    struct State {
        std::filesystem::path path{};
        std::string text{};
        std::int64_t last = 0; // epoch
    };

    static std::string quoted(std::string_view name) {
        if (name.find_first_of(",\"\n") == name.npos) return std::string{name};
        std::string text = "\"";
        for (const char c : name) text += c == '"' ? std::string{"\"\""} : std::string{c};
        return text + '"';
    }
    void begin(const TrainingEvent& event) const {
        std::string names = "epoch";
        for (const auto& number : event.numbers) names += ',' + quoted(number.name);
        names += '\n';
        std::error_code ignored;
        if (event.epoch == 1 || !std::filesystem::exists(state_->path, ignored)) {
            state_->text = std::move(names);
            return;
        }
        const std::string before = io::read_text(state_->path);
        const std::size_t end = before.find('\n') + 1; // 0: no line
        if (before.substr(0, end) != names)
            fail(Error::Kind::format, state_->path.string() + ": expected the columns " +
                                          names.substr(0, names.size() - 1) + ", got " +
                                          printable(before.substr(0, end > 0 ? end - 1 : before.size())));
        state_->text = std::move(names);
        for (std::size_t at = end; at < before.size();) {
            const std::size_t next = (std::min)(before.find('\n', at), before.size() - 1) + 1;
            std::int64_t epoch = 0;
            const std::string_view row = std::string_view{before}.substr(at, next - at);
            if (detail::read_number(row.substr(0, row.find(',')), epoch) && epoch < event.epoch) {
                state_->text += row;
                if (row.back() != '\n') state_->text += '\n';
            }
            at = next;
        }
    }
    std::shared_ptr<State> state_; // of all copies
};

} // namespace rondo
