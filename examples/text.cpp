// SPDX-License-Identifier: MIT
// Learns a text letter by letter with an LSTM (or a GRU, or a plain RNN), then generates more of it.
#include "common/symbols.hpp"
#include "common/training.hpp"

#include <rondo/io/token_file.hpp>
#include <rondo/rondo.hpp>

#include <fstream>
#include <optional>

using namespace rondo;

namespace {

constexpr std::string_view paragraph =
    "deep learning teaches a machine by example. a recurrent network reads one letter at a time and keeps what it has "
    "read in a state. its gates pick what to keep, what to forget and what to say next. step by step the error flows "
    "back through time, and each weight moves a little until the text is known.";

// The network: a vector for each symbol, two recurrent layers, a score for each possible next symbol.
template <int symbols, int hidden, template <int, int, Stack> class Layer>
using CharModel = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                             Named<"lstm", Layer<hidden, hidden, Stack{.layers = 2, .dropout = Rate{20}}>>,
                             Named<"fc", Linear<hidden, symbols>>>;

using TokenStream = BasicAnyStream<int, float>; // of any network that reads tokens: generate() is compiled once

struct Options : common::Options {
    int hidden = 128, length = 200, top_k = 0;
    std::string prompt = "a recurrent network", cell = "lstm";
    std::vector<double> temperatures{0.5, 0.8, 1.0, 1.2};
};

template <int symbols>
void check_prompt(const Options& options, const Alphabet<symbols>& alphabet) {
    if (options.prompt.empty()) fail(Error::Kind::argument, "--prompt: expected one symbol or more, got none");
    common::check_symbols("--prompt", options.prompt, alphabet);
}

// Generates `length` symbols after the prompt, each sampled from the stream's scores.
template <int symbols>
void generate(const Alphabet<symbols>& alphabet, const Options& options, TokenStream stream) {
    std::vector<float> scores(symbols);
    const auto step = [&](char symbol) {
        const int token = alphabet.token(symbol);
        stream.process(&token, scores.data(), 1);
    };
    for (const double temperature : options.temperatures) {
        stream.reset();
        Sampler sampler{symbols, {.temperature = temperature, .top_k = options.top_k}, Seed{options.seed}};
        std::printf("\ntemperature %g:\n", temperature);
        {
            common::TextWriter text;
            text.add(options.prompt);
            for (std::size_t k = 0; k + 1 < options.prompt.size(); ++k) step(options.prompt[k]);
            char last = options.prompt.back();
            for (int k = 0; k < options.length; ++k) {
                step(last);
                last = alphabet.symbol(sampler(std::span<const float>{scores}));
                text.add({&last, 1});
            }
        }
        std::printf("\n");
    }
}

// Whether a file begins as `rondo tokenize` writes it.
bool is_token_file(const std::string& path) {
    char begin[8]{};
    std::ifstream{path, std::ios::binary}.read(begin, sizeof begin);
    return std::string_view{begin, sizeof begin} == "RONDOTOK";
}

// Whether the symbols of a model in a file are bytes.
bool reads_bytes(const std::string& file) {
    const io::SafetensorsFile model{file};
    const io::TensorInfo* embedding = model.find("embedding.weight");
    return embedding && !embedding->shape.empty() && embedding->shape[0] == std::size_t(byte_alphabet.size);
}

// Prints the program's last line.
void print_last_line(const Options& options, const common::Training& training) {
    std::printf("\ntext: cell=%s ", options.cell.c_str());
    training.print();
    if (!std::isnan(training.validation()))
        std::printf(" bits_per_character=%.4f", training.validation() / std::log(2.0));
    std::printf(" seconds=%.2f chars_per_second=%.0f\n", training.seconds, training.per_second);
}

// Generates text with a model from a file.
template <class Net, int symbols>
void write(const Options& options, const Alphabet<symbols>& alphabet) {
    check_prompt(options, alphabet);
    Model<Net> model;
    load(model, options.load);
    generate(alphabet, options, TokenStream{model});
    std::printf("\ntext: epochs=0\n");
}

// Trains on `batches`, validates on `validation` if there is one, and generates some text.
template <class Net, int symbols, class Data, class Validation>
void run(const Options& options, const Alphabet<symbols>& alphabet, Data batches, Validation* validation) {
    check_prompt(options, alphabet);
    Model<Net, common::Backend> model{Seed{options.seed}};
    std::printf("%s\n", summary(model).c_str());
    Trainer trainer{model,
                    CrossEntropy{},
                    Adam{.rate = 1e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}}};
    const common::Training training = common::train(options, trainer, batches, "characters", validation);
    if (training.stopped) return;

    common::draw_losses(options, training, "cross-entropy (nats per symbol)");
    generate(alphabet, options, TokenStream{common::on_host(model)});
    print_last_line(options, training);
}

template <int hidden, template <int, int, Stack> class Layer>
void run(const Options& options) {
    static constexpr auto alphabet = alphabet_of<paragraph>;
    using Letters = CharModel<alphabet.size, hidden, Layer>;
    using Bytes = CharModel<byte_alphabet.size, hidden, Layer>;
    options.announce();
    options.data_needs_training();
    if (!options.trains())
        return reads_bytes(options.load) ? write<Bytes>(options, byte_alphabet) : write<Letters>(options, alphabet);
    if (options.data.empty()) { // windows of the paragraph, in the paragraph's own alphabet
        std::printf("alphabet: %d symbols \"%.*s\"\n%zu characters to train on, none held out\n\n", alphabet.size,
                    alphabet.size, alphabet.symbols.data(), paragraph.size());
        const auto tokens = alphabet.tokens(paragraph);
        return run<Letters>(options, alphabet, TokenWindows{tokens, 40, 32}, static_cast<TokenStreams*>(nullptr));
    }
    std::vector<int> tokens; // streams of the file, byte by byte
    std::optional<io::TokenFile> file;
    if (is_token_file(options.data)) file.emplace(options.data);
    else tokens = byte_alphabet.tokens(io::read_text(options.data));
    if (file && file->vocabulary() != byte_alphabet.size)
        fail(Error::Kind::mismatch, options.data + ": expected tokens that are bytes, got a vocabulary of " +
                                        std::to_string(file->vocabulary()));
    const TokenText all = file ? TokenText{*file} : TokenText{tokens};
    constexpr std::size_t streams = 32, fewest = 10 * (streams + 1) - 9; // a tenth has a byte more than streams
    if (all.size() < fewest)
        fail(Error::Kind::format, options.data + ": expected " + std::to_string(fewest) +
                                      " bytes or more, a tenth of them to validate with, got " +
                                      std::to_string(all.size()));
    const std::size_t split = all.size() * 9 / 10;
    TokenStreams validation{all.part(split, all.size() - split), 64, streams};
    std::printf("%s: %zu bytes to train on, %zu to validate\n\n", printable(options.data).c_str(), split,
                all.size() - split);
    run<Bytes>(options, byte_alphabet, TokenStreams{all.part(0, split), 64, streams}, &validation);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Learns a text letter by letter with an LSTM, then writes more of it.", "text"};
    Options options;
    options.add(app, 200);
    app.add("--cell", options.cell, "of the recurrent layers: rnn and gru are of 128 units")
        .show_default()
        .check(common::one_of({"rnn", "lstm", "gru"}));
    app.add("--hidden", options.hidden, "size of each layer")
        .show_default()
        .check(common::one_of_numbers({64, 128, 256}));
    app.add("--prompt", options.prompt, "what to go on from").show_default();
    app.add("--length", options.length, "symbols to write").show_default().check(common::whole(0, 1'000'000));
    app.add("--temperature", options.temperatures, "one or more; lower is safer, 0 the likeliest only")
        .show_default()
        .check(common::real(0));
    app.add("--top-k", options.top_k, "draw from the k likeliest only; 0: from all")
        .show_default()
        .check(common::whole(0, 1'000'000));
    app.footer("Example: examples/run text --data book.txt --epochs 5 --hidden 256 --threads 2 --prompt \"Once\"");
    return common::main(app, argc, argv, [&] {
        if (options.cell != "lstm" && options.hidden != 128)
            fail(Error::Kind::argument, "--cell " + options.cell + " has layers of 128 units, not of --hidden " +
                                            std::to_string(options.hidden));
        if (options.cell == "rnn") run<128, rondo::RNN>(options);
        else if (options.cell == "gru") run<128, rondo::GRU>(options);
        else if (options.hidden == 64) run<64, rondo::LSTM>(options);
        else if (options.hidden == 256) run<256, rondo::LSTM>(options);
        else run<128, rondo::LSTM>(options);
    });
}
