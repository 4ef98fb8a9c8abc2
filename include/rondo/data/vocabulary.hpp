// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/printable.hpp"
#include "../core/range.hpp"
#include "../io/text.hpp"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The maximum size of a vocabulary, including `<pad>` and `<unk>`, and how often a word must occur to be in it.
///
/// Errors  problem() names a capacity below 2, a min_count below 1.
struct VocabularySettings {
    int capacity = INT_MAX;
    int min_count = 1;

    bool operator==(const VocabularySettings&) const = default;

    Error problem() const {
        if (capacity < 2)
            return {Error::Kind::argument, "capacity: expected 2 or more, got " + std::to_string(capacity)};
        if (min_count < 1)
            return {Error::Kind::argument, "min_count: expected 1 or more, got " + std::to_string(min_count)};
        return {};
    }
};

/// The words of a text, the most frequent first, equally frequent ones in the order of their bytes; a word's token is
/// its index. The first two are `<pad>`, token 0, and `<unk>`, token 1, which represents every word outside the
/// vocabulary; a text may contain both as words.
///
/// Its file is UTF-8, one word a line beginning with `<pad>`, with \n for a newline in a word and \\ for a backslash.
///
/// Errors  argument: settings out of range, a word that is empty or not UTF-8, a token outside the vocabulary; file:
///         those of io::read_text and io::write_file; format, with file and line: no `<pad>` or `<unk>`, an empty or
///         repeated word, an unknown escape; mismatch: a file of more words than `largest`.
/// Memory  the words, and a number for each; looking up a word allocates nothing.
class Vocabulary {
public:
    static constexpr int padding = 0, unknown = 1;

    Vocabulary() = default; // `<pad>` and `<unk>` only
    explicit Vocabulary(std::span<const std::string> text, VocabularySettings settings = {}) {
        if (Error problem = settings.problem()) fail(problem.kind, "rondo::Vocabulary: " + problem.message);
        std::unordered_map<std::string_view, std::size_t> counts;
        for (std::size_t k = 0; k < text.size(); ++k) {
            const auto [entry, fresh] = counts.try_emplace(text[k], 0);
            ++entry->second;
            if (fresh && (text[k].empty() || io::detail::invalid_utf8(text[k]) != std::string_view::npos))
                fail(Error::Kind::argument, "rondo::Vocabulary: word " + std::to_string(k) + ": expected " +
                                                (text[k].empty() ? "a word, got an empty one" : "UTF-8"));
        }
        for (const std::string& special : words_) counts.erase(special);
        std::erase_if(counts, [&](const auto& entry) { return entry.second < std::size_t(settings.min_count); });
        const std::vector<std::pair<std::string_view, std::size_t>> entries(counts.begin(), counts.end());
        std::vector<std::size_t> order(entries.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        range::sort_positions(order, [&](std::size_t a, std::size_t b) {
            const auto &x = entries[a], &y = entries[b];
            return x.second != y.second ? x.second > y.second : x.first < y.first;
        });
        const std::size_t room = std::size_t(settings.capacity) - words_.size();
        if (order.size() > room) order.resize(room);
        for (const std::size_t k : order) words_.emplace_back(entries[k].first);
        sort();
    }

    int size() const noexcept { return int(words_.size()); }
    bool contains(std::string_view word) const noexcept { return find(word) >= 0; }
    int token(std::string_view word) const noexcept {
        const int found = find(word);
        return found < 0 ? unknown : found;
    }
    const std::string& word(int token) const {
        if (token < 0 || token >= size())
            fail(Error::Kind::argument, "rondo::Vocabulary: expected a token from 0 to " + std::to_string(size() - 1) +
                                            ", got " + std::to_string(token));
        return words_[std::size_t(token)];
    }
    std::vector<int> tokens(std::span<const std::string> text) const {
        std::vector<int> all;
        all.reserve(text.size());
        for (const std::string& each : text) all.push_back(token(each));
        return all;
    }

    void save(const std::filesystem::path& path, Error& error) const noexcept {
        no_throw(error, [&] {
            std::string text;
            for (const std::string& word : words_) {
                for (const char c : word)
                    if (c == '\n') text += "\\n";
                    else if (c == '\\') text += "\\\\";
                    else text += c;
                text += '\n';
            }
            io::write_file(path, std::as_bytes(std::span{text}), error);
        });
    }
    void save(const std::filesystem::path& path) const {
        or_fail([&](Error& error) { save(path, error); });
    }

    /// Reads a file of at most `largest` words, such as the vocabulary of a network.
    static Vocabulary load(const std::filesystem::path& path, int largest, Error& error) noexcept {
        const auto load_or_refuse = [&] { return read(path, largest, error); };
        return no_throw(error, load_or_refuse, Vocabulary{Empty{}});
    }
    static Vocabulary load(const std::filesystem::path& path, int largest = INT_MAX) {
        return or_fail([&](Error& error) { return load(path, largest, error); });
    }

    bool operator==(const Vocabulary&) const = default;

private:
    struct Empty {};
    explicit Vocabulary(Empty) noexcept : words_{}, sorted_{} {} // allocates nothing

    static Vocabulary read(const std::filesystem::path& path, int largest, Error& error) {
        Error problem;
        std::string text = io::read_text(path, problem);
        if (problem) return error = std::move(problem), Vocabulary{};
        if (text.back() != '\n') text += '\n';
        if (const auto words = range::count(text, '\n'); std::cmp_greater(words, largest)) {
            error = {Error::Kind::mismatch, path.string() + ": expected at most " + std::to_string(largest) +
                                                " words, got " + std::to_string(words)};
            return {};
        }
        const auto refuse = [&](std::size_t line, const std::string& what) {
            error = {Error::Kind::format, path.string() + ": line " + std::to_string(line) + ": " + what};
            return Vocabulary{};
        };
        const Vocabulary specials;
        Vocabulary found;
        found.words_.clear();
        for (std::size_t at = 0, line = 1; at < text.size(); ++at, ++line) {
            std::string word;
            for (; text[at] != '\n'; ++at) {
                const bool escaped = text[at] == '\\';
                if (escaped && text[++at] != '\\' && text[at] != 'n')
                    return refuse(line, "expected n or a backslash after a backslash");
                word += escaped && text[at] == 'n' ? '\n' : text[at];
            }
            if (line <= specials.words_.size() && word != specials.words_[line - 1])
                return refuse(line, "expected " + specials.words_[line - 1] + ", got '" + printable(word) + '\'');
            if (word.empty()) return refuse(line, "expected a word, got an empty one");
            found.words_.push_back(std::move(word));
        }
        if (found.words_.size() == 1) return refuse(2, "expected <unk>, got the end of the file");
        found.sort();
        const auto same = range::adjacent_find(found.sorted_, {}, [&](int token) { return found.view(token); });
        if (same != found.sorted_.end())
            return refuse(std::size_t(same[1]) + 1, "the word '" + printable(found.word(*same)) + "' is on line " +
                                                        std::to_string(*same + 1) + " already");
        return found;
    }
    std::string_view view(int token) const noexcept { return words_[std::size_t(token)]; }
    void sort() {
        std::vector<std::size_t> order(words_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        range::sort_positions(order, [this](std::size_t a, std::size_t b) {
            const int compared = words_[a].compare(words_[b]);
            return compared != 0 ? compared < 0 : a < b;
        });
        sorted_.resize(order.size());
        for (std::size_t k = 0; k < order.size(); ++k) sorted_[k] = int(order[k]);
    }
    int find(std::string_view word) const noexcept {
        const auto found = range::lower_bound(sorted_, word, {}, [this](int token) { return view(token); });
        return found != sorted_.end() && view(*found) == word ? *found : -1;
    }

    std::vector<std::string> words_{"<pad>", "<unk>"};
    std::vector<int> sorted_{0, 1}; // tokens, ordered by their words
};

} // namespace rondo
