// SPDX-License-Identifier: MIT
#pragma once

#include "log_mel.hpp"
#include "status.hpp"

#include <rondo/core/error.hpp>
#include <rondo/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace common {

/// Several digits, spoken at 22.05 kHz.
struct SpokenDigits {
    std::vector<float> samples;
    std::vector<int> digits;
    std::string voice;
};

/// One who speaks: a variant of espeak-ng's English, and words a minute.
struct Speaker {
    std::string variant;
    int speed;
    std::string text() const { return variant + " at " + std::to_string(speed); }
};

inline bool has_espeak() { return std::system("command -v espeak-ng >/dev/null 2>&1") == 0; }

/// Sentences of one to six digits, by espeak-ng or, without it, as tones: a pair for each digit, as a telephone's, in a
/// key of the variant.
///
/// Errors  espeak-ng fails, or says another number of sentences than it was told to.
class DigitSpeech {
public:
    DigitSpeech(rondo::Seed seed, bool espeak) : random_{seed, rondo::Purpose::user}, espeak_{espeak} {}

    /// `count` sentences, by the speakers in turn. Says on the standard output how far it is.
    std::vector<SpokenDigits> say(const std::vector<Speaker>& speakers, std::size_t count) {
        std::vector<SpokenDigits> all;
        Status status;
        for (std::size_t k = 0; k < speakers.size(); ++k) {
            std::vector<std::vector<int>> sentences((count + speakers.size() - 1 - k) / speakers.size());
            for (auto& sentence : sentences) {
                sentence.resize(1 + below(6));
                for (int& digit : sentence) digit = int(below(10));
            }
            if (sentences.empty()) continue;
            if (status.due())
                status.show("speaking: " + std::to_string(all.size()) + " of " + std::to_string(count) + " sentences");
            auto sounds = espeak_ ? by_espeak(speakers[k], sentences) : by_tones(speakers[k], sentences);
            for (std::size_t n = 0; n < sounds.size(); ++n) {
                const double level = std::pow(10, -4 + 2 * chance()); // of noise
                for (float& x : sounds[n]) x += float(level * double(random_.normal(next_++)));
                all.push_back({std::move(sounds[n]), sentences[n], speakers[k].text()});
            }
        }
        status.clear();
        return all;
    }

private:
    using Sounds = std::vector<std::vector<float>>;
    static constexpr int rate = LogMel::rate;

    std::uint64_t below(std::uint64_t count) { return random_.wide(next_++) % count; }
    double chance() { return double(random_.wide(next_++) >> 11) / 9007199254740992.0; }

    static Sounds by_espeak(const Speaker& speaker, const std::vector<std::vector<int>>& sentences) {
        static constexpr std::array names{"zero", "one", "two",   "three", "four",
                                          "five", "six", "seven", "eight", "nine"};
        std::string command =
            "espeak-ng -m --stdout -v en-us+" + speaker.variant + " -s " + std::to_string(speaker.speed) + " '<speak>";
        for (const auto& sentence : sentences) {
            for (const int digit : sentence) (command += names[std::size_t(digit)]) += ' ';
            command += "<break time=\"1500ms\"/>";
        }
        const std::vector<float> sound = sound_of(command + "</speak>'");
        Sounds parts = between_pauses(sound);
        if (parts.size() != sentences.size())
            rondo::fail(rondo::Error::Kind::format, "espeak-ng: expected " + std::to_string(sentences.size()) +
                                                        " sentences of " + speaker.text() + ", got " +
                                                        std::to_string(parts.size()));
        return parts;
    }
    // What a program writes to its standard output as a WAV file of 16 bits, whose header does not know the length.
    static std::vector<float> sound_of(const std::string& command) {
        std::FILE* const pipe = popen(command.c_str(), "r");
        std::string bytes;
        std::array<char, 65536> some;
        while (const std::size_t count = pipe ? std::fread(some.data(), 1, some.size(), pipe) : 0)
            bytes.append(some.data(), count);
        constexpr std::size_t header = 44;
        std::uint32_t given = 0;
        if (bytes.size() > header) std::memcpy(&given, bytes.data() + 24, sizeof given);
        if (!pipe || pclose(pipe) != 0 || given != std::uint32_t(rate))
            rondo::fail(rondo::Error::Kind::format, "espeak-ng: expected a sound of " + std::to_string(rate) +
                                                        " samples a second, got " + std::to_string(given));
        std::vector<float> samples;
        for (std::size_t k = header; k + 2 <= bytes.size(); k += 2) {
            std::int16_t one;
            std::memcpy(&one, bytes.data() + k, sizeof one);
            samples.push_back(float(one) / 32768);
        }
        return samples;
    }
    // The parts between pauses of a second, with a quarter of a second of silence around them.
    static Sounds between_pauses(const std::vector<float>& sound) {
        Sounds parts;
        std::size_t begin = 0, end = 0; // of the part so far
        const std::size_t margin = rate / 4;
        const auto add = [&] {
            if (end == 0) return;
            const std::size_t from = begin - std::min(begin, margin), to = std::min(sound.size(), end + margin);
            parts.emplace_back(sound.begin() + std::ptrdiff_t(from), sound.begin() + std::ptrdiff_t(to));
        };
        for (std::size_t k = 0; k < sound.size(); ++k) {
            if (std::abs(sound[k]) < 1e-3f) continue;
            if (end == 0 || k - end > std::size_t(rate)) add(), begin = k;
            end = k + 1;
        }
        add();
        return parts;
    }
    Sounds by_tones(const Speaker& speaker, const std::vector<std::vector<int>>& sentences) {
        static constexpr std::array<double, 4> rows{697, 770, 852, 941};
        static constexpr std::array<double, 3> columns{1209, 1336, 1477};
        // Keys are closer to each other than the tones, which are a tenth apart.
        int letters = 0;
        for (const char c : speaker.variant) letters += c;
        const double key = 0.98 + 0.005 * (letters % 9);
        Sounds all;
        for (const auto& sentence : sentences) {
            std::vector<float>& to = all.emplace_back(std::size_t(rate / 4));
            for (const int digit : sentence) {
                const auto place = std::size_t(digit == 0 ? 10 : digit - 1); // on a telephone
                const double slow = 160.0 / speaker.speed * (0.9 + 0.2 * chance());
                const auto length = std::size_t(0.15 * slow * rate), pause = std::size_t(0.08 * slow * rate);
                for (std::size_t k = 0; k < length; ++k) {
                    const double turn = 2 * 3.141592653589793 * key * double(k) / rate;
                    to.push_back(float(0.2 * (std::sin(turn * rows[place / 3]) + std::sin(turn * columns[place % 3]))));
                }
                to.insert(to.end(), pause, 0.f);
            }
            to.insert(to.end(), std::size_t(rate / 4), 0.f);
        }
        return all;
    }

    rondo::RandomStream random_;
    std::uint64_t next_ = 0;
    bool espeak_;
};

} // namespace common
