// SPDX-License-Identifier: MIT
// Says how words are pronounced: an encoder and a decoder, trained on spelling rules, or those of the package g2p_en.
#include "common/scores.hpp"
#include "common/speller.hpp"
#include "common/spelling.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

// The network is in common/speller.hpp. The sizes: of g2p_en's model, and of the one that is trained here.
constexpr int size_of_g2p_en = 256, own_size = 96;

struct Options : common::Options {
    std::string model;
    std::vector<std::string> words;
};

// Says each word; returns the seconds that this took, without printing.
template <int size>
double say(common::Pronouncer<size>& pronounce, const std::vector<std::string>& words) {
    double seconds = 0;
    for (const std::string& word : words) {
        const auto start = std::chrono::steady_clock::now();
        const std::vector<int> said = pronounce(word);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        std::printf("%s -> %s\n", printable(word).c_str(), common::Phonemes::text(said).c_str());
    }
    return seconds;
}

void say_with_model(const Options& options) {
    Model<common::Speller<size_of_g2p_en>> model;
    load(model, options.model, common::names_of_g2p_en());
    common::Pronouncer<size_of_g2p_en> pronounce{model};
    const double seconds = say(pronounce, options.words);
    std::printf("\npronounce: words=%zu seconds=%.4f\n", options.words.size(), seconds);
}

void train_and_say(const Options& options) {
    Model<common::Speller<own_size>, common::Backend> model{Seed{options.seed}};
    const auto words = common::invented_words(12000, Seed{options.seed});
    const std::size_t held_out = words.size() / 10;
    std::printf("%s\nwords: %zu to learn from, %zu held out\n\n", summary(model).c_str(), words.size() - held_out,
                held_out);
    TokenPairs train{64, common::Phonemes::begin, common::Phonemes::end}, validation = train;
    for (std::size_t k = 0; k < words.size(); ++k)
        (k < held_out ? validation : train).add(common::Letters::tokens(words[k]), common::spelled_sounds(words[k]));
    train.group_by_length(20);

    const CosineDecay towards_zero{.steps = std::max<std::int64_t>(1, options.epochs * std::int64_t(train.count()))};
    Trainer trainer{model,
                    CrossEntropy{},
                    Adam{.rate = 4e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}, .schedule = towards_zero}};
    const common::Training training = common::train(options, trainer, train, "phonemes", &validation);
    if (training.stopped) return;

    common::Pronouncer<own_size> pronounce{common::on_host(model)};
    common::Scores scores;
    for (std::size_t k = 0; k < held_out; ++k) {
        const std::vector<int> said = pronounce(words[k]), wanted = common::spelled_sounds(words[k]);
        if (k < 8)
            std::printf("%-14s -> %s%s\n", words[k].c_str(), common::Phonemes::text(said).c_str(),
                        said == wanted ? "" : "  (wrong)");
        scores.add(said, wanted);
    }
    std::printf("\n");
    say(pronounce, options.words);
    common::draw_losses(options, training, "cross-entropy (nats per phoneme)");
    std::printf("\npronounce: ");
    training.print();
    std::printf(" exact=%.4f phoneme_error=%.4f seconds=%.2f\n", scores.exact(), scores.error_rate(), training.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Says how words are pronounced, after spelling rules or with g2p_en's trained model.",
                            "pronounce"};
    Options options;
    options.add(app, 16);
    app.remove("--data");
    app.add("--model", options.model, "g2p_en's model, converted by tools/convert.py; nothing is trained")
        .type_name("FILE")
        .check(common::path());
    app.add("words", options.words, "what to say; a to z, other signs are unknown to the model");
    app.footer("The model of English: pip download g2p_en; unzip g2p_en-*.whl\n"
               "tools/convert.py g2p_en/checkpoint20.npz g2p_en.safetensors\n"
               "examples/run pronounce --model g2p_en.safetensors activationist");
    return common::main(app, argc, argv, [&] {
        for (const char* other : {"--epochs", "--load", "--resume", "--save"})
            if (!options.model.empty() && app.option(other).count() > 0)
                fail(Error::Kind::argument, std::string{"--model: nothing is trained then; expected no "} + other);
        if (options.words.empty()) options.words = {"rondo", "recurrent", "spelling"};
        options.announce();
        if (options.model.empty()) train_and_say(options);
        else say_with_model(options);
    });
}
