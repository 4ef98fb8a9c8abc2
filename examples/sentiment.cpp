// SPDX-License-Identifier: MIT
// Classifies reviews as good or bad with a bidirectional LSTM, and then reviews that you type.
#include "common/embedded_reviews.hpp"
#include "common/reviews.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <iostream>
#include <unistd.h>

using namespace rondo;

namespace {

// The network: a vector for each word, an LSTM in both directions, and two linear layers on their final states.
constexpr Stack both{.layers = 2, .bidirectional = true, .dropout = Rate{50}};
template <int words>
using Sentiment = Sequential<Named<"embedding", Embedding<words, 100, Vocabulary::padding>>,
                             Named<"lstm", LSTM<100, 256, both>>, FinalStates<256>, Named<"fc1", Linear<512, 64>>,
                             ReLU<64>, Dropout<64, Rate{50}>, Named<"fc2", Linear<64, 1>>>;
using Reviews = Samples<int, 1, float, 1>;

struct Options : common::Options {
    std::string negative;
    bool classify = isatty(STDIN_FILENO) != 0;
};

// Reviews of similar lengths share a mini-batch: there is less padding, so training takes less time.
Reviews samples(const std::vector<common::Review>& reviews, const Vocabulary& vocabulary, int batch) {
    Reviews all{batch, Reviews::Target::each_sequence, Vocabulary::padding};
    for (const common::Review& review : reviews) {
        const float target[]{float(review.label)};
        all.add(common::tokens_of(vocabulary, review.text), target);
    }
    all.group_by_length(50);
    return all;
}

// The probability that a review is a good one.
template <class Net>
double probability(Workspace<Net>& work, const Model<Net>& model, const std::vector<int>& tokens) {
    const auto y = work.forward(model, Tokens{tokens.data(), nullptr, {int(tokens.size()), 1}});
    return 1 / (1 + std::exp(-double(y.value[0])));
}

// The confusion matrix: how often each class was predicted for each.
struct Confusion {
    double taken[2][2]{};
    double right() const { return taken[0][0] + taken[1][1]; }
    double wrong() const { return taken[0][1] + taken[1][0]; }
    double accuracy() const { return right() / (right() + wrong()); }
    double f1() const { return 2 * taken[1][1] / (2 * taken[1][1] + wrong()); }
};
template <class Net>
Confusion judge(const Model<Net>& model, const Vocabulary& vocabulary, const std::vector<common::Review>& reviews) {
    Workspace<Net> work;
    Confusion all;
    common::Status status;
    for (std::size_t k = 0; k < reviews.size(); ++k) {
        const bool taken = probability(work, model, common::tokens_of(vocabulary, reviews[k].text)) >= 0.5;
        ++all.taken[reviews[k].label][taken];
        if (status.due()) status.show("judging: " + std::to_string(k + 1) + " of " + std::to_string(reviews.size()));
    }
    return all;
}

// Reads lines until one is empty, and classifies each.
template <class Net>
void classify_lines(const Model<Net>& model, const Vocabulary& vocabulary, const std::string* classes) {
    Workspace<Net> work;
    std::printf("\ntype a review a line; an empty line ends\n");
    for (std::string line; std::getline(std::cin, line) && !line.empty();) {
        const double p = probability(work, model, common::tokens_of(vocabulary, line));
        std::printf("%s (%.0f %%)\n", classes[p >= 0.5].c_str(), 100 * std::max(p, 1 - p));
        std::fflush(stdout);
    }
}

template <int capacity>
void run(const Options& options, const common::Split& reviews) {
    const Vocabulary vocabulary = options.source().empty()
                                      ? common::vocabulary_of(reviews.train, capacity)
                                      : Vocabulary::load(common::beside(options.source(), ".vocabulary"), capacity);
    const int batch = options.data.empty() ? 4 : 32;
    Reviews train = samples(reviews.train, vocabulary, batch), held_out = samples(reviews.held_out, vocabulary, batch);
    Model<Sentiment<capacity>, common::Backend> model{Seed{options.seed}};
    std::printf("%s\nreviews: %zu to learn from, %zu held out; %d words\n\n", summary(model).c_str(),
                reviews.train.size(), reviews.held_out.size(), vocabulary.size());

    const CosineDecay towards_zero{.steps = std::max<std::int64_t>(1, options.epochs * std::int64_t(train.count()))};
    Trainer trainer{model,
                    BinaryCrossEntropy{},
                    Adam{.rate = 2e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}, .schedule = towards_zero}};
    const common::Training training =
        common::train(options, trainer, train, "reviews", &held_out, {{".vocabulary", &vocabulary}});
    if (training.stopped) return;

    const auto& trained = common::on_host(model);
    const Confusion result = judge(trained, vocabulary, reviews.held_out);
    const std::string classes[]{printable(reviews.classes[0]), printable(reviews.classes[1])};
    std::printf("\n%-16s %19s %11s\n", "held out", ("taken for " + classes[0]).c_str(), classes[1].c_str());
    for (const int label : {0, 1})
        std::printf("%-16s %19.0f %11.0f\n", classes[label].c_str(), result.taken[label][0], result.taken[label][1]);
    common::draw_losses(options, training, "binary cross-entropy (nats a review)");
    if (options.classify) classify_lines(trained, vocabulary, classes);
    std::printf("\nsentiment: ");
    training.print();
    std::printf(" accuracy=%.4f f1=%.4f seconds=%.2f\n", result.accuracy(), result.f1(), training.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Tells good reviews from bad ones with a bidirectional LSTM, and then those that you type.",
                            "sentiment"};
    Options options;
    options.add(app, 10);
    app.add("--negative", options.negative, "--data has good reviews only, a line each; the bad ones are here")
        .type_name("FILE")
        .needs(app.option("--data"));
    app.add_flag("--classify", options.classify, "then read reviews, a line each; on a terminal this is the default");
    app.footer("A file of both kinds has lines of label<TAB>text; a tenth of a file is held out.\n"
               "Example: examples/run sentiment --data good.txt --negative bad.txt --epochs 4 --threads 2");
    return common::main(app, argc, argv, [&] {
        options.announce();
        if (options.data.empty()) return run<256>(options, common::embedded_reviews());
        const Seed seed{options.seed};
        if (options.negative.empty()) run<20000>(options, common::split(common::read_reviews(options.data), 10, seed));
        else run<20000>(options, common::split(common::read_reviews(options.data, options.negative), 10, seed));
    });
}
