// SPDX-License-Identifier: MIT
// Converts dates in various notations to ISO 8601, letter by letter, with an encoder and a decoder with attention.
#include "common/dates.hpp"
#include "common/pairs.hpp"
#include "common/scores.hpp"
#include "common/symbols.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <limits>

using namespace rondo;

namespace {

struct Options : common::Options {
    std::string attention = "additive", say;
    int beam = 5;
    double length_penalty = 0;
};

// The network: the source is read in both directions; the decoder attends to it at each output symbol. In training,
// with some probability, it continues from its own last symbol instead of the correct one (scheduled sampling).
template <class Attention>
using Net = EncoderDecoder<common::Pairs::capacity, common::Pairs::capacity, 64, 128, Attention,
                           Feeding{.sampling = {Rate{20}, 2000}}>;

// Decodes a source: the best hypothesis of a beam search of width `beam`.
template <class N>
std::vector<int> translate(Decoding<N, EigenBackend<float>>& decoding, const Options& options,
                           const common::Pairs& pairs, const std::vector<int>& source) {
    decoding.start(source);
    // Symbols of the vocabulary only: the network's capacity may be larger.
    std::vector<float> scores;
    const auto step = [&](std::span<const int> parents, std::span<const int> tokens) -> const std::vector<float>& {
        const std::span<const float> all = decoding(parents, tokens);
        scores.assign(all.begin(), all.end());
        const std::size_t room = scores.size() / parents.size(), known = std::size_t(pairs.target.vocabulary.size());
        constexpr float never = -std::numeric_limits<float>::infinity();
        for (auto row = scores.begin(); row != scores.end(); row += std::ptrdiff_t(room)) {
            row[Vocabulary::padding] = row[Vocabulary::unknown] = never;
            std::fill(row + std::ptrdiff_t(known), row + std::ptrdiff_t(room), never);
        }
        return scores;
    };
    const auto found = beam_search({.width = options.beam,
                                    .longest = 3 * int(source.size()) + 20,
                                    .begin = common::Pairs::begin,
                                    .end = pairs.end,
                                    .length_penalty = options.length_penalty},
                                   step);
    return found.empty() ? std::vector<int>{} : found.front().tokens;
}

// Plots the attention weights of the decoder at each output symbol: a step of a beam of width 1 for each.
template <class N>
void draw_alignment(const Model<N>& model, const Options& options, const common::Pairs& pairs,
                    const std::vector<int>& source, const std::vector<int>& target) {
    Decoding<N, EigenBackend<float>> decoding{model, 1};
    decoding.start(source);
    std::string data, rows, columns;
    std::vector<int> said = target;
    said.push_back(pairs.end);
    for (std::size_t t = 0; t < said.size(); ++t) {
        const int parent = 0, before = t == 0 ? common::Pairs::begin : said[t - 1];
        decoding({&parent, 1}, {&before, 1});
        if (decoding.weights().empty()) return; // no attention, no picture
        for (const float weight : decoding.weights()) data += std::to_string(weight) + ' ';
        data += '\n';
        rows += (t ? ", " : "") + common::tick(pairs.target.vocabulary.word(said[t])) + ' ' + std::to_string(t);
    }
    for (std::size_t t = 0; t < source.size(); ++t)
        columns += (t ? ", " : "") + common::tick(pairs.source.vocabulary.word(source[t])) + ' ' + std::to_string(t);
    common::draw(options.out, "seq2seq-alignment", data,
                 "set xlabel 'source'\nset ylabel 'what is said'\nset cblabel 'attention weight'\nset cbrange [0:1]\n"
                 "unset grid\nset yrange [*:*] reverse\nset xtics (" +
                     columns + ")\nset ytics (" + rows + ")\nplot 'seq2seq-alignment.dat' matrix with image notitle");
}

template <class Attention>
void run(const Options& options, const common::Pairs& pairs) {
    Model<Net<Attention>, common::Backend> model{Seed{options.seed}};
    std::printf("%s\npairs: %zu to learn from, %zu held out\n\n", summary(model).c_str(), pairs.train.size(),
                pairs.held_out.size());
    TokenPairs train{64, pairs.begin, pairs.end}, held_out = train;
    for (const common::Pair& pair : pairs.train) train.add(pair.source, pair.target);
    for (const common::Pair& pair : pairs.held_out) held_out.add(pair.source, pair.target);
    train.group_by_length(20);

    const CosineDecay towards_zero{.steps = std::max<std::int64_t>(1, options.epochs * std::int64_t(train.count()))};
    Trainer trainer{model,
                    CrossEntropy{},
                    Adam{.rate = 2e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}, .schedule = towards_zero}};
    const common::Training training =
        common::train(options, trainer, train, "symbols", &held_out,
                      {{".source", &pairs.source.vocabulary}, {".target", &pairs.target.vocabulary}});
    if (training.stopped) return;

    const auto& trained = common::on_host(model);
    Decoding<Net<Attention>, EigenBackend<float>> decoding{trained, options.beam};
    common::Scores scores;
    common::Status status;
    for (const common::Pair& pair : pairs.held_out) {
        const auto said = translate(decoding, options, pairs, pair.source);
        if (scores.pairs < 8)
            std::printf("%-36s -> %s%s\n", printable(pairs.source.text(pair.source)).c_str(),
                        printable(pairs.target.text(said)).c_str(), said == pair.target ? "" : "  (wrong)");
        else if (status.due())
            status.show("judging: " + std::to_string(scores.pairs) + " of " + std::to_string(pairs.held_out.size()));
        scores.add(said, pair.target);
    }
    status.clear();
    common::draw_losses(options, training, "cross-entropy (nats per symbol)");
    draw_alignment(trained, options, pairs, pairs.held_out.front().source,
                   translate(decoding, options, pairs, pairs.held_out.front().source));
    if (!options.say.empty())
        std::printf("\n%s -> %s\n", printable(options.say).c_str(),
                    printable(pairs.target.text(translate(decoding, options, pairs, pairs.source.tokens(options.say))))
                        .c_str());
    std::printf("\nseq2seq: attention=%s ", options.attention.c_str());
    training.print();
    std::printf(" exact=%.4f symbol_error=%.4f beam=%d seconds=%.2f\n", scores.exact(), scores.error_rate(),
                options.beam, training.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{
        "Turns dates as people write them into ISO 8601, or learns any pairs, with an encoder and a decoder.",
        "seq2seq"};
    Options options;
    options.add(app, 12);
    options.pictures = {"seq2seq-alignment"};
    app.add("--attention", options.attention, "how the decoder looks at the source")
        .show_default()
        .check(common::one_of({"none", "dot", "additive"}));
    app.add("--beam", options.beam, "hypotheses followed side by side; 1: greedy")
        .show_default()
        .check(common::whole(1, 100));
    app.add("--length-penalty", options.length_penalty, "0: the likeliest; more: longer ones")
        .show_default()
        .check(common::real(0, 1000));
    app.add("--say", options.say, "then turn this, too");
    app.footer("A file has lines of source<TAB or blank>target; a target of several words is taken word by word.\n"
               "Example: examples/run seq2seq --data cmudict.dict --epochs 5 --threads 2 --say rondo");
    return common::main(app, argc, argv, [&] {
        options.announce();
        const auto pairs = options.data.empty() ? common::dates(5000, options) : common::read_pairs(options);
        common::check_known("--say", pairs.source.split(options.say),
                            [&](const std::string& symbol) { return pairs.source.vocabulary.contains(symbol); });
        if (options.attention == "none") run<NoAttention>(options, pairs);
        else if (options.attention == "dot") run<DotAttention<128>>(options, pairs);
        else run<AdditiveAttention<128, 128, 64>>(options, pairs);
    });
}
