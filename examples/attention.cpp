// SPDX-License-Identifier: MIT
// Classifies sentences as praise or blame by one decisive word, and plots the attention weights of an LSTM.
#include "common/sentences.hpp"
#include "common/training.hpp"
#include "common/weighed_words.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

struct Options : common::Options {
    std::string score = "linear";
};

// The network: every step of the LSTM gets a score, a softmax over the steps turns the scores into weights, and the
// weighted mean of the steps is classified.
template <int capacity, class Score>
struct Classifier
    : Network<Named<"embedding", Embedding<capacity, 10, Vocabulary::padding>>, Named<"lstm", LSTM<10, 32>>,
              Named<"attention", AttentionPooling<32, Score>>, Named<"fc", Linear<32, 2>>> {
    static constexpr int input_size = 1, output_size = 2, vocabulary = capacity;

    static auto attend(auto& run, const Tokens& words) {
        const auto steps = run(layer<"lstm">, run(layer<"embedding">, words));
        const auto pooled = run(layer<"attention">, steps, with_weights);
        return Attended{run(layer<"fc">, pooled.output), pooled.weights};
    }
    // Training uses the scores only; the attention weights have no targets of their own.
    static auto forward(auto& run, const Tokens& words) { return attend(run, words).output; }
};

// The attention weight of each word of a sentence, and the class that the model predicts.
template <class Net>
int judge(Workspace<Net>& work, const Model<Net>& model, const std::vector<int>& tokens, std::vector<float>& weights) {
    const Tokens words{tokens.data(), nullptr, {int(tokens.size()), 1}};
    const auto seen = work.evaluate(model, nullptr, [&](auto& run) { return Net::attend(run, words); });
    weights.assign(seen.weights.value, seen.weights.value + tokens.size());
    return seen.output.value[1] > seen.output.value[0];
}

template <int capacity, class Score>
void run(const Options& options, const common::Sentences& sentences) {
    using Net = Classifier<capacity, Score>;
    std::vector<std::string> all;
    for (const common::Sentence& s : sentences.train) all.insert(all.end(), s.words.begin(), s.words.end());
    const Vocabulary vocabulary = options.source().empty()
                                      ? Vocabulary{all, {.capacity = capacity}}
                                      : Vocabulary::load(common::beside(options.source(), ".vocabulary"), capacity);
    Model<Net, common::Backend> model{Seed{options.seed}};
    constexpr std::size_t embedding = parameter_count<Embedding<capacity, 10>>,
                          parameters = parameter_count<Net> - embedding;
    std::printf(
        "%s\n%zu parameters, and %zu of the embedding\nsentences: %zu to learn from, %zu held out; %d words\n\n",
        summary(model).c_str(), parameters, embedding, sentences.train.size(), sentences.held_out.size(),
        vocabulary.size());

    using Batches = Samples<int, 1, int, 1>;
    Batches batches{16, Batches::Target::each_sequence, Vocabulary::padding};
    for (const common::Sentence& s : sentences.train) batches.add(vocabulary.tokens(s.words), {&s.label, 1});
    // An LSTM's state keeps the decisive word, so attending to a later step would work as well. Without weight decay
    // one linear score in ten learns that; with it, none of 60 did.
    Trainer trainer{model,
                    CrossEntropy{},
                    Adam{.rate = 1e-2, .weight_decay = 3e-4},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}}};
    Batches* const nothing_to_validate_with = nullptr;
    const common::Training training =
        common::train(options, trainer, batches, "sentences", nothing_to_validate_with, {{".vocabulary", &vocabulary}});
    if (training.stopped) return;

    const auto& trained = common::on_host(model);
    Workspace<Net> work;
    std::vector<common::WeighedWords> seen;
    common::Status status;
    double right = 0, near = 0;
    for (const common::Sentence& s : sentences.held_out) {
        if (status.due())
            status.show("judging: " + std::to_string(seen.size()) + " of " + std::to_string(sentences.held_out.size()));
        common::WeighedWords& words = seen.emplace_back(common::WeighedWords{.words = s.words, .expected = s.cue});
        const int label = judge(work, trained, vocabulary.tokens(s.words), words.weights);
        words.title = sentences.classes[s.label] + " \u2192 " + sentences.classes[label];
        right += label == s.label;
        near += s.cue >= 0 && std::abs(words.largest() - s.cue) <= 1;
    }
    status.clear();
    const double count = double(seen.size());
    seen.resize(std::min<std::size_t>(seen.size(), 8));
    common::draw(options.out, "attention", "class \u2192 what it is taken for", seen);
    std::printf("\nattention: score=%s parameters=%zu epochs=%lld accuracy=%.4f", options.score.c_str(), parameters,
                training.epochs(), right / count);
    if (options.data.empty()) std::printf(" near_cue=%.4f", near / count);
    std::printf(" seconds=%.2f\n", training.seconds);
}

template <int capacity>
void run(const Options& options, const common::Sentences& sentences) {
    if (options.score == "linear") run<capacity, Linear<32, 1>>(options, sentences);
    else run<capacity, AdditiveScore<32, 16>>(options, sentences);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{
        "Tells praise from blame by the one word that decides, and shows where an LSTM with attention looked.",
        "attention"};
    Options options;
    options.add(app, 20);
    options.pictures = {"attention"};
    app.add("--score", options.score, "of a step h of the LSTM: v h + b, or v tanh(W h + b)")
        .show_default()
        .check(common::one_of({"linear", "additive"}));
    app.footer("A file has lines of label<TAB>text, of two labels; a tenth of them is held out.\n"
               "Example: examples/run attention --score additive --epochs 30");
    return common::main(app, argc, argv, [&] {
        options.announce();
        const Seed seed{options.seed};
        if (options.data.empty()) run<128>(options, common::praise_and_blame(2000, 500, seed));
        else run<20000>(options, common::read_sentences(options.data, seed));
    });
}
