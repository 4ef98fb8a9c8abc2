// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "../core/read_number.hpp"
#include "json.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The next value if it is a number, or a string that contains one; nothing for null and other strings.
inline std::optional<double> read_said_number(JsonReader& json) {
    if (json.take_null()) return std::nullopt;
    if (!json.next_is('"')) return json.number();
    const std::string text = json.string((std::numeric_limits<std::size_t>::max)());
    double value = 0;
    if (!rondo::detail::read_number(text, value) || !std::isfinite(value)) return std::nullopt;
    return value;
}

/// Numbers of a file that are not part of the network, by name. If a number has several sources, the one of the lowest
/// rank takes precedence.
class SaidNumbers {
public:
    /// Reads the next value, called `in_file` in the file, as the number `name`.
    void read(JsonReader& json, std::string_view in_file, std::string_view name, int rank = 0) {
        add(json, in_file, name, rank, read_said_number(json));
    }

    /// Reads the numbers of an object, and a sample rate that is a string; all other values are skipped, also in place
    /// of the object. rename(name) returns a number's name and rank.
    template <class Rename>
    void read_metadata(JsonReader& json, Rename rename) {
        if (!json.next_is('{')) return json.skip();
        json.object((std::numeric_limits<std::size_t>::max)(), [&](const std::string& in_file) {
            const auto [name, rank] = rename(in_file);
            const bool is_rate = name == "samplerate" || name == "sample_rate";
            if (json.next_is_number() || (is_rate && json.next_is('"'))) read(json, in_file, name, rank);
            else json.skip();
        });
    }

    std::vector<std::pair<std::string, double>> all() const {
        std::vector<std::pair<std::string, double>> all;
        for (const One& one : said_)
            if (one.value) all.emplace_back(one.name, *one.value);
        return all;
    }

private:
    struct One {
        std::string in_file, name;
        int rank;
        std::optional<double> value;
    };

    void add(JsonReader& json, std::string_view in_file, std::string_view name, int rank, std::optional<double> value) {
        constexpr std::size_t most = 256, longest = 256; // limits for untrusted input; no program writes as many
        const auto known = range::find(said_, name, &One::name);
        if (known == said_.end()) {
            if (said_.size() < most && name.size() <= longest)
                said_.push_back({std::string{in_file}, std::string{name}, rank, value});
        } else if (known->rank == rank) {
            json.refuse(json_string(in_file) + " comes twice");
        } else if (value && (rank < known->rank || !known->value)) {
            *known = {std::string{in_file}, std::string{name}, rank, value};
        }
    }

    std::vector<One> said_;
};

/// The numbers in files of guitar amplifier models: gains, and the sample rate, in the metadata or beside the layers.
class AmpNumbers : public SaidNumbers {
public:
    /// Reads the value of a member of the file if it has such numbers.
    bool take(JsonReader& json, const std::string& name) {
        if (name == "metadata") {
            if (std::exchange(has_metadata_, true)) json.refuse("\"metadata\" comes twice");
            read_metadata(json, [](const std::string& in_file) -> std::pair<std::string, int> {
                if (in_file == "samplerate") return {in_file, 0};
                if (in_file == "sample_rate") return {"samplerate", 1};
                return {in_file, 4};
            });
        } else if (name == "samplerate" || name == "sample_rate") {
            read(json, name, "samplerate", name == "samplerate" ? 2 : 3);
        } else if (name == "in_gain" || name == "out_gain") {
            read(json, name, name);
        } else {
            return false;
        }
        return true;
    }

private:
    bool has_metadata_ = false;
};

} // namespace rondo::io::detail
