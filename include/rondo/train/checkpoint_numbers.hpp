// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/printable.hpp"
#include "../core/read_number.hpp"
#include "../io/safetensors/header.hpp"

#include <concepts>
#include <limits>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The valid range of a number in a checkpoint.
enum class NumberRange {
    whole,     // whole, 0 or more
    count,     // whole, 0 or more, at most half of the type's maximum, so that it can be incremented
    finite,    // finite
    from_zero, // finite, 0 or more
    part,      // from 0 to 1
    best,      // finite, or infinity before the first value
};
constexpr const char* text_of(NumberRange range) {
    switch (range) {
    case NumberRange::finite: return "a finite number";
    case NumberRange::from_zero: return "a finite number from 0 on";
    case NumberRange::part: return "a number from 0 to 1";
    case NumberRange::best: return "a finite number, or inf";
    default: return "a whole number from 0 on";
    }
}
constexpr bool in_range(std::integral auto value, NumberRange range) {
    return value >= 0 && (range == NumberRange::whole || value <= (std::numeric_limits<decltype(value)>::max)() / 2);
}
constexpr bool in_range(double value, NumberRange range) {
    constexpr double largest = (std::numeric_limits<double>::max)();
    const double from = range == NumberRange::from_zero || range == NumberRange::part ? 0 : -largest;
    const double to = range == NumberRange::part   ? 1
                      : range == NumberRange::best ? std::numeric_limits<double>::infinity()
                                                   : largest;
    return value >= from && value <= to; // false for NaN
}

/// Writes named numbers of a run to a file's metadata, and reads them, exactly. A number that is out of range is
/// neither written nor read; the first one is the error.
class Numbers {
public:
    explicit Numbers(io::Metadata& metadata) : metadata_{&metadata} {}

    template <class T>
    void write(const char* name, T value, NumberRange range) {
        const std::string text = to_text(value);
        if (in_range(value, range)) metadata_->emplace_back(name, text);
        else refuse(Error::Kind::argument, std::string{name} + ": expected " + text_of(range) + ", got " + text);
    }
    template <class T>
    void read(const char* name, T& value, NumberRange range) {
        for (const auto& [key, text] : *metadata_)
            if (key == name) {
                if (!read_number(text, value) || !in_range(value, range))
                    refuse(Error::Kind::format,
                           std::string{name} + ": expected " + text_of(range) + ", got \"" + printable(text) + '"');
                return;
            }
        refuse(Error::Kind::mismatch, std::string{name} + " is missing");
    }
    const Error& error() const { return error_; }

private:
    void refuse(Error::Kind kind, const std::string& problem) {
        if (!error_) error_ = {kind, "checkpoint: " + problem};
    }

    io::Metadata* metadata_;
    Error error_;
};

} // namespace rondo::detail
