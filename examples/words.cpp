// SPDX-License-Identifier: MIT
// Learns a text word by word with an LSTM, its output tied to its embedding or not, then generates more of it.
#include "common/prose.hpp"
#include "common/symbols.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <limits>

using namespace rondo;

namespace {

// The network: a vector for each word, two recurrent layers, a score for each possible next word. If tied, the score of
// a word is the product of its vector in the embedding and the LSTM's output.
template <int capacity>
using Untied = Sequential<Named<"embedding", Embedding<capacity, 128>>,
                          Named<"lstm", LSTM<128, 128, Stack{.layers = 2, .dropout = Rate{20}}>>,
                          Named<"fc", Linear<128, capacity>>>;
template <int capacity>
using WithTie = Tied<Untied<capacity>, Tie<"fc.weight", "embedding.weight">>;

struct Options : common::Options {
    bool tied = false;
    Sampling sampling{.temperature = 0.8};
    int length = 60;
    std::string prompt;
};

// The words of the prompt; without one, the most frequent word of the text.
std::vector<std::string> prompt_words(const Options& options, const Vocabulary& vocabulary) {
    std::vector<std::string> prompt = words(options.prompt, Punctuation::apart);
    if (options.prompt.empty()) prompt.push_back(common::commonest_word(vocabulary));
    if (prompt.empty()) fail(Error::Kind::argument, "--prompt: expected one word or more, got blanks");
    common::check_known("--prompt", prompt, [&](const std::string& word) { return vocabulary.contains(word); });
    return prompt;
}

// Generates `length` words after the prompt, each sampled from the stream's scores.
template <class Net>
void generate(const Model<Net>& model, const Vocabulary& vocabulary, const Options& options) {
    const std::vector<std::string> prompt = prompt_words(options, vocabulary);
    const Packed packed{model};
    Stream stream{packed};
    Sampler sampler{std::size_t(vocabulary.size()), options.sampling, Seed{options.seed}};
    std::printf("\n");
    {
        common::TextWriter text;
        common::Joiner joiner;
        std::span<const float> all;
        for (const std::string& word : prompt) {
            all = stream.step(vocabulary.token(word));
            text.add(joiner.next(word));
        }
        for (int k = 0; k < options.length; ++k) {
            std::vector<float> scores(all.begin(), all.begin() + vocabulary.size()); // the capacity may be larger
            scores[Vocabulary::padding] = scores[Vocabulary::unknown] = -std::numeric_limits<float>::infinity();
            const int token = sampler(scores);
            text.add(joiner.next(vocabulary.word(token)));
            all = stream.step(token);
        }
    }
    std::printf("\n");
}

// Trains on streams of the text that are read in parallel, with states that persist from one mini-batch to the next. A
// tenth of a file is held out for validation.
template <class Net>
void train(Model<Net, common::Backend>& model, const Options& options, const Vocabulary& vocabulary,
           const std::vector<std::string>& text, std::size_t hidden) {
    std::printf("text: %zu words, %zu of them hidden from training; vocabulary: %d words\n\n", text.size(), hidden,
                vocabulary.size());
    const std::vector<int> tokens = vocabulary.tokens(text);
    const std::span all{tokens};
    TokenStreams batches = hidden > 0 ? TokenStreams{all.first(all.size() - hidden), 35, 20} : TokenStreams{all, 20, 4};
    std::optional<TokenStreams> validation;
    if (hidden > 0) validation.emplace(all.last(hidden), 35, 20);
    Trainer trainer{model,
                    CrossEntropy{},
                    Adam{.rate = 2e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}}};
    common::Training training = common::train(options, trainer, batches, "words", validation ? &*validation : nullptr,
                                              {{".vocabulary", &vocabulary}});
    if (training.stopped) return;

    for (EpochResult& e : training.history) { // perplexity is the exponential of the loss
        e.loss = std::exp(e.loss);
        e.validation = std::exp(e.validation);
    }
    common::draw_losses(options, training, "perplexity (words)");
    generate(common::on_host(model), vocabulary, options);
    std::printf("\nwords: vocabulary=%d tied=%d epochs=%lld train_perplexity=%.4f", vocabulary.size(), options.tied,
                training.epochs(), training.loss());
    if (validation)
        std::printf(" validation_perplexity=%.4f unknown=%.4f", training.validation(),
                    double(std::ranges::count(tokens, Vocabulary::unknown)) / double(tokens.size()));
    std::printf(" seconds=%.2f words_per_second=%.0f\n", training.seconds, training.per_second);
}

template <class Net>
void run(const Options& options) {
    options.data_needs_training();
    std::vector<std::string> text;
    if (options.trains())
        text = words(options.data.empty() ? common::prose : io::read_text(options.data), Punctuation::apart);
    if (options.trains() && !options.data.empty() && text.size() < 1000)
        fail(Error::Kind::format, options.data + ": expected 1000 words or more, got " + std::to_string(text.size()));
    const std::size_t hidden = options.data.empty() ? 0 : text.size() / 10;
    const Vocabulary vocabulary =
        options.source().empty()
            ? Vocabulary{std::span{text}.first(text.size() - hidden), {.capacity = Net::vocabulary}}
            : Vocabulary::load(common::beside(options.source(), ".vocabulary"), Net::vocabulary);
    prompt_words(options, vocabulary); // rejects an invalid prompt before the training
    Model<Net, common::Backend> model{Seed{options.seed}};
    std::printf("%s\n", summary(model).c_str());
    if (options.trains()) return train(model, options, vocabulary, text, hidden);
    load(model, options.load);
    generate(common::on_host(model), vocabulary, options);
    std::printf("\nwords: vocabulary=%d tied=%d epochs=0\n", vocabulary.size(), options.tied);
}

// Whether a model in a file has the larger capacity.
bool is_large(const std::string& file) {
    const io::SafetensorsFile model{file};
    const io::TensorInfo* embedding = model.find("embedding.weight");
    return embedding && !embedding->shape.empty() && embedding->shape[0] > 256;
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Learns a text word by word with an LSTM, then writes more of it.", "words"};
    Options options;
    options.add(app, 100);
    app.add_flag("--tied", options.tied, "the output's weights are the embedding's");
    app.add("--prompt", options.prompt, "what to go on from; default: the commonest word");
    app.add("--length", options.length, "words to write").show_default().check(common::whole(0, 1'000'000));
    app.add("--temperature", options.sampling.temperature, "lower is safer, 0 the likeliest word only")
        .show_default()
        .check(common::real(0));
    app.add("--top-k", options.sampling.top_k, "draw from the k likeliest only; 0: from all")
        .show_default()
        .check(common::whole(0, 1'000'000));
    app.add("--top-p", options.sampling.top_p, "draw from the likeliest that have this probability together")
        .show_default()
        .check(common::real(0, 1));
    app.footer("Example: examples/run words --data book.txt --tied --epochs 5 --top-p 0.9 --prompt \"It was\"");
    return common::main(app, argc, argv, [&] {
        options.announce();
        check(options.sampling.problem());
        const bool large = options.load.empty() ? !options.data.empty() : is_large(options.load);
        if (large && options.tied) run<WithTie<10000>>(options);
        else if (large) run<Untied<10000>>(options);
        else if (options.tied) run<WithTie<256>>(options);
        else run<Untied<256>>(options);
    });
}
