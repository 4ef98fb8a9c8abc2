// SPDX-License-Identifier: MIT
// Trains on the ranks that mpirun has started, for ranks.py: ranks [KEY=VALUE]... Rank 0 prints a hash of the model.
#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/distributed/mpi.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace rondo;
using Net = Sequential<Embedding<7, 6>, LSTM<6, 20>, Dropout<20, Rate{20}>, Linear<20, 7>>;
using Sequences = Samples<int, 1, int, 1>;

std::vector<int> random_tokens(std::size_t count, std::uint64_t seed) {
    std::vector<int> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = int(RandomStream{Seed{seed}, Purpose::user}.wide(k) % 7);
    return all;
}

/// Of the bits of all parameters: FNV-1a.
std::uint64_t hash_of(const Model<Net>& model) {
    std::uint64_t hash = 14695981039346656037u;
    for (const float number : model.values()) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &number, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

struct Arguments {
    std::map<std::string, std::string, std::less<>> values;
    std::string text(const char* name) const {
        const auto found = values.find(name);
        return found == values.end() ? "" : found->second;
    }
    int number(const char* name, int otherwise) const {
        const std::string value = text(name);
        std::from_chars(value.data(), value.data() + value.size(), otherwise);
        return otherwise;
    }
};

void train(const Arguments& arguments, MPICommunicator& ranks) {
    if (const std::string folder = arguments.text("pids"); !folder.empty()) {
        const auto file = std::filesystem::path{folder} / std::to_string(ranks.rank());
        std::ofstream{file.string() + ".part"} << getpid() << '\n';
        std::filesystem::rename(file.string() + ".part", file);
    }
    const std::string checkpoint = arguments.text("checkpoint"), resume = arguments.text("resume");
    // Carried states: the streams of a text, 12 steps an epoch.
    const std::vector<int> text = random_tokens(2000, 3);
    TokenStreams streams{text, 8, 21};
    Model<Net> model{Seed{std::uint64_t(1 + ranks.rank())}}; // rank 0's is trained
    const TrainerSettings settings{.clip_norm = 0.3,
                                   .threads = arguments.number("threads", 1),
                                   .seed = Seed{1},
                                   .small_work = 0,
                                   .communicator = &ranks};
    {
        Trainer trainer{model, CrossEntropy{}, Adam{.rate = 1e-2}, settings};
        Progress progress;
        if (!resume.empty()) load_checkpoint(trainer, progress, resume);
        FitOptions options{.epochs = arguments.number("epochs", 3)};
        if (!checkpoint.empty()) options.checkpoints = Checkpoints{.path = checkpoint};
        const int failing = arguments.number("throw", -1), slow = arguments.number("slow", 0);
        options.on_batch = [&](const Progress& now) {
            if (failing == ranks.rank() && trainer.steps() == 7) fail(Error::Kind::file, "no more data");
            std::this_thread::sleep_for(std::chrono::milliseconds{slow});
            return arguments.number("stop", -1) != ranks.rank() || now.epoch < 1 || now.batch < 5;
        };
        if (const int of = arguments.number("nan", -1); of >= 0) {
            trainer.step(streams.at(0, trainer.part()));
            if (of == ranks.rank()) model.tensor<"3.bias">()[2] = std::numeric_limits<float>::infinity();
        }
        fit(trainer, streams, options, progress);
        if (ranks.rank() == 0)
            std::printf("epochs %lld batch %zu\n", static_cast<long long>(progress.epoch), progress.batch);
    }
    if (checkpoint.empty() && resume.empty()) { // sequences of different lengths, and a last batch with fewer of them
        Sequences samples{13, Sequences::Target::each_step};
        for (std::size_t k = 0; k < 31; ++k) {
            const std::vector<int> sample = random_tokens(3 + k % 9, k);
            samples.add(std::span{sample}.first(sample.size() - 1), std::span{sample}.subspan(1));
        }
        Trainer trainer{model, CrossEntropy{}, Adam{.rate = 1e-2}, settings};
        fit(trainer, samples, {.epochs = 5, .validate = [&] { return evaluate(trainer, samples); }});
    }
    if (ranks.rank() == 0) std::printf("hash %016llx\n", static_cast<unsigned long long>(hash_of(model)));
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    for (int k = 1; k < argc; ++k) {
        const std::string_view argument = argv[k];
        const std::size_t sign = argument.find('=');
        arguments.values.emplace(argument.substr(0, sign), argument.substr(sign + 1));
    }
    MPICommunicator ranks{{.deadline = double(arguments.number("deadline", 60))}};
    try {
        train(arguments, ranks);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "rank %d ends: %s\n", ranks.rank(), failure.what());
        if (const std::string folder = arguments.text("pids"); !folder.empty()) // stderr may have been cut off
            std::ofstream{std::filesystem::path{folder} / (std::to_string(ranks.rank()) + ".said")} << failure.what();
        return 1;
    }
    return 0;
}
