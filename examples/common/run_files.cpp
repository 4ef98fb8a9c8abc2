// SPDX-License-Identifier: MIT
#include "run_files.hpp"

#include <algorithm>
#include <cstdio>
#include <system_error>

namespace common {

std::optional<Reach> reach_of(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return std::nullopt;
    rondo::Error unreadable;
    const rondo::io::SafetensorsFile read{file, {}, unreadable};
    const std::int64_t batch = number_in(read.metadata(), "batch");
    return Reach{batch == 0, number_in(read.metadata(), "epoch"), batch};
}

namespace {
std::vector<std::filesystem::path> beside_both(const RunFiles::Place& place, const char* ending) {
    const auto of_model = beside(place.model, ending), of_checkpoint = beside(place.checkpoint, ending);
    if (of_model == of_checkpoint) return {of_model};
    return {of_model, of_checkpoint};
}
std::optional<std::filesystem::path> further(const RunFiles::Place& place, const Reach& now) {
    for (const auto& file : {place.model, place.checkpoint})
        if (const auto there = reach_of(file); there && !now.as_far_as(*there)) return file;
    return std::nullopt;
}
std::int64_t most_epochs(const RunFiles::Place& place) {
    std::int64_t most = 0;
    for (const auto& file : {place.model, place.checkpoint})
        if (const auto there = reach_of(file)) most = std::max(most, there->epoch);
    return most;
}
} // namespace

void RunFiles::check(std::uintmax_t bytes) const {
    const Place first = place(1);
    std::vector<std::filesystem::path> all;
    if (options_->trains()) {
        std::error_code none;
        rondo::Error problem;
        rondo::io::SafetensorsFile there;
        if (std::filesystem::is_regular_file(first.model, none)) there = {first.model, {}, problem};
        if (problem || is_checkpoint(there))
            rondo::fail(rondo::Error::Kind::file,
                        "cannot write " + first.model.string() + ": a file that is no model is there");
        all = files(first);
    }
    std::vector<std::string> pictures = options_->pictures;
    pictures.push_back(options_->name + "-loss");
    for (const std::string& picture : pictures)
        for (const char* ending : {".dat", ".gp", ".png", ".svg"}) all.push_back(options_->out / (picture + ending));
    for (const std::string& other : options_->others) all.push_back(options_->out / other);
    check_writable(all, bytes);
}

RunFiles::Place RunFiles::choose(const Reach& now) const {
    if (now.ended) {
        if (most_epochs(place(1)) > now.epoch) move_away();
        return place(1);
    }
    int k = 1;
    for (; const auto kept = further(place(k), now); ++k)
        if (k == 1)
            std::printf("kept: %s, of a run that %s\n", rondo::printable(kept->string()).c_str(),
                        reach_of(*kept)->ended ? "went to its end" : "got further");
    return place(k);
}

void RunFiles::save_companions(const Place& to) const {
    for (const Companion& c : companions_)
        for (const auto& file : beside_both(to, c.ending)) c.vocabulary->save(file);
}

RunFiles::Place RunFiles::place(int k) const {
    const std::string suffix = k == 1 ? "" : '-' + std::to_string(k);
    std::filesystem::path model = options_->model_file();
    const std::string ending = model.extension().string();
    model.replace_filename(model.stem().string() + suffix + ending);
    return {model, options_->out / (options_->name + suffix + ".checkpoint")};
}

std::vector<std::filesystem::path> RunFiles::files(const Place& place) const {
    std::vector<std::filesystem::path> all{place.model, place.checkpoint};
    for (const Companion& c : companions_)
        for (const auto& file : beside_both(place, c.ending)) all.push_back(file);
    return all;
}

void RunFiles::move_away() const {
    const auto old = files(place(1));
    const auto is_there = [](const auto& file) { return std::filesystem::exists(file); };
    int k = 2;
    while (std::ranges::any_of(files(place(k)), is_there)) ++k;
    const auto to = files(place(k));
    std::error_code problem;
    for (std::size_t n = 0; n < old.size() && !problem; ++n)
        if (std::filesystem::exists(old[n])) std::filesystem::rename(old[n], to[n], problem);
    if (problem) rondo::fail(rondo::Error::Kind::file, "cannot rename to " + to[0].string() + ": " + problem.message());
    std::printf("kept: %s, of more epochs, which was %s\n", rondo::printable(to[0].string()).c_str(),
                rondo::printable(old[0].string()).c_str());
}

} // namespace common
