// SPDX-License-Identifier: MIT
#pragma once

// Puts layers in the order in which they run, by what goes in and what comes out: a file of tensors has none.

#include "found.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace order {

inline bool follow(const FoundPart& a, const FoundPart& b) {
    return !b.reads_tokens() && a.output() == b.first().input;
}

/// Goes through the orders that fit, at most `most` of them.
class Search {
public:
    explicit Search(const std::vector<FoundPart>& parts) : parts_{parts}, used_(parts.size()) { extend(); }
    std::size_t count() const { return count_; }
    bool gave_up() const { return tried_ >= most_tried; }
    const std::vector<std::size_t>& first() const { return first_; }

private:
    static constexpr std::size_t most_tried = 100'000;

    void extend() {
        if (++tried_ >= most_tried) return;
        if (chain_.size() == parts_.size()) {
            if (count_++ == 0) first_ = chain_;
            return;
        }
        for (std::size_t k = 0; k < parts_.size(); ++k) {
            if (used_[k] || (!chain_.empty() && !follow(parts_[chain_.back()], parts_[k]))) continue;
            used_[k] = true;
            chain_.push_back(k);
            extend();
            chain_.pop_back();
            used_[k] = false;
        }
    }

    const std::vector<FoundPart>& parts_;
    std::vector<bool> used_;
    std::vector<std::size_t> chain_, first_;
    std::size_t count_ = 0, tried_ = 0;
};

inline std::optional<unsigned> number(const std::string& name) {
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (problem != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return value;
}

/// Orders the parts of `found`, or says that no order fits. Layers that are numbered are in that order.
inline void arrange(Found& found) {
    auto& parts = found.parts;
    const auto rank = [](const FoundPart& part) { // what usually comes first is tried first
        return std::pair{part.reads_tokens() ? 0 : is_recurrent(part.first().kind) ? 1 : 2, part.name};
    };
    if (std::ranges::all_of(parts, [](const FoundPart& part) { return number(part.name).has_value(); })) {
        std::ranges::sort(parts, {}, [](const FoundPart& part) { return *number(part.name); });
        for (std::size_t k = 1; k < parts.size(); ++k)
            if (!follow(parts[k - 1], parts[k]))
                found.problem = "what layer " + parts[k - 1].name + " gives, layer " + parts[k].name + " cannot take";
        return;
    }
    if (parts.size() > 100) return void(found.problem = "there are more than 100 layers");
    std::ranges::sort(parts, {}, rank);
    const Search search{parts};
    if (search.count() == 0) {
        found.problem = search.gave_up() ? "too many layers to find their order"
                                         : "in no order does each layer take what the one before it gives; the network "
                                           "has a forward of its own, see rondo::Network";
        return;
    }
    if (search.count() > 1)
        found.notes.push_back("by their sizes the layers could run in " +
                              std::string{search.gave_up() ? "at least " : ""} + std::to_string(search.count()) +
                              " orders; this is the most usual");
    std::vector<FoundPart> arranged;
    for (const std::size_t k : search.first()) arranged.push_back(std::move(parts[k]));
    parts = std::move(arranged);
}

} // namespace order
