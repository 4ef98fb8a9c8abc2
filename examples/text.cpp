// SPDX-License-Identifier: MIT
// Learns a text letter by letter with an LSTM, then writes more of it.
#include "common/interrupt.hpp"
#include "common/options.hpp"
#include "common/picture.hpp"
#include "common/progress.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

constexpr std::string_view paragraph =
    "deep learning teaches a machine by example. a recurrent network reads one letter at a time and keeps what it has "
    "read in a state. its gates pick what to keep, what to forget and what to say next. step by step the error flows "
    "back through time, and each weight moves a little until the text is known.";

// The network: a vector for each symbol, two recurrent layers, a score for each symbol to come.
template <int symbols, int hidden>
using CharModel = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                             Named<"lstm", LSTM<hidden, hidden, Stack{.layers = 2, .dropout = Rate{20}}>>,
                             Named<"fc", Linear<hidden, symbols>>>;

struct Options : common::Options {
    int hidden = 128, length = 200, top_k = 0;
    std::string prompt = "a recurrent network";
    std::vector<double> temperatures{0.5, 0.8, 1.0, 1.2};
};

template <int symbols>
void check_prompt(const Options& options, const Alphabet<symbols>& alphabet) {
    if (options.prompt.empty()) fail(Error::Kind::argument, "--prompt: expected one symbol or more, got none");
    for (const char c : options.prompt)
        if (alphabet.token(c) < 0)
            fail(Error::Kind::argument, std::string{"--prompt: the text this model learns has no '"} + c + "'");
}

// Writes `length` symbols after the prompt: each is drawn from what the stream makes of all before it.
template <class Net, int symbols>
void generate(const Model<Net>& model, const Alphabet<symbols>& alphabet, const Options& options) {
    const Packed packed{model};
    for (const double temperature : options.temperatures) {
        Stream stream{packed};
        Sampler sampler{symbols, {.temperature = temperature, .top_k = options.top_k}, Seed{options.seed}};
        std::string text = options.prompt;
        for (std::size_t k = 0; k + 1 < options.prompt.size(); ++k) stream.step(alphabet.token(options.prompt[k]));
        for (int k = 0; k < options.length; ++k)
            text += alphabet.symbol(sampler(stream.step(alphabet.token(text.back()))));
        std::printf("\ntemperature %g:\n%s\n", temperature, text.c_str());
    }
}

void draw_losses(const Options& options, const History& history) {
    std::string data = "# epoch  training  validation (nats a symbol)\n";
    for (const EpochResult& e : history)
        data += std::to_string(e.epoch) + ' ' + std::to_string(e.loss) + ' ' + std::to_string(e.validation) + '\n';
    std::string plot = "set xlabel 'epoch'\nset ylabel 'cross-entropy (nats a symbol)'\nset yrange [0:*]\n"
                       "plot 'text-loss.dat' using 1:2 with linespoints title 'training (with dropout)'";
    if (!options.data.empty()) plot += ", '' using 1:3 with linespoints title 'validation'";
    common::draw(options.out, "text-loss", data, plot);
}

// Of a model in a file: whether its symbols are bytes.
bool reads_bytes(const std::string& file) {
    const io::SafetensorsFile model{file};
    const io::TensorInfo* embedding = model.find("embedding.weight");
    return embedding && !embedding->shape.empty() && embedding->shape[0] == std::size_t(byte_alphabet.size);
}

// Writes with a model that was trained before.
template <int hidden, int symbols>
void write(const Options& options, const Alphabet<symbols>& alphabet) {
    check_prompt(options, alphabet);
    Model<CharModel<symbols, hidden>> model;
    load(model, options.load);
    generate(model, alphabet, options);
    std::printf("\ntext: epochs=0\n");
}

// Trains on `batches`, validates on `validation` if there is one, saves, draws, and writes some text.
template <int hidden, int symbols, class Data, class Validation>
void run(const Options& options, const Alphabet<symbols>& alphabet, Data batches, Validation* validation) {
    using Net = CharModel<symbols, hidden>;
    check_prompt(options, alphabet);
    Model<Net> model{Seed{options.seed}};
    std::printf("%s\n", summary(model).c_str());
    if (!options.load.empty()) load(model, options.load);

    Trainer trainer{model, CrossEntropy{}, Adam{.rate = 1e-3},
                    {.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}}};
    FitOptions fit_options{.epochs = options.epochs};
    Progress progress;
    if (!options.resume.empty()) load_checkpoint(trainer, progress, options.resume);

    common::make_folder(options.out);
    common::catch_interrupt();
    common::ProgressBar bar{options.epochs, progress.epoch, "characters"};
    if (validation) fit_options.validate = [&] { return evaluate(trainer, *validation).mean(); };
    fit_options.on_batch = [&](const Progress& p) { return bar.batch(p), !common::interrupted(); };
    fit_options.on_epoch = [&](const EpochResult& e) { return bar.epoch(e), true; };
    const History history = fit(trainer, batches, fit_options, progress);
    const double seconds = bar.seconds(), speed = bar.per_second();
    bar.end();

    const auto file = options.save.empty() ? options.out / "text.safetensors" : std::filesystem::path{options.save};
    const auto checkpoint = options.out / "text.checkpoint";
    save(model, file);
    save_checkpoint(trainer, progress, checkpoint);
    std::printf("model: %s\ncheckpoint: %s\n", file.c_str(), checkpoint.c_str());
    if (common::interrupted()) return void(std::printf("stopped; go on with --resume %s\n", checkpoint.c_str()));

    if (!history.empty()) draw_losses(options, history);
    generate(model, alphabet, options);
    const EpochResult last = history.empty() ? EpochResult{} : history.back();
    std::printf("\ntext: epochs=%lld train_loss=%.4f", static_cast<long long>(progress.epoch), last.loss);
    if (validation)
        std::printf(" validation_loss=%.4f bits_per_character=%.4f", last.validation, last.validation / std::log(2.0));
    std::printf(" seconds=%.2f chars_per_second=%.0f\n", seconds, speed);
}

template <int hidden>
void run(const Options& options) {
    static constexpr auto alphabet = alphabet_of<paragraph>;
    if (!options.trains())
        return reads_bytes(options.load) ? write<hidden>(options, byte_alphabet) : write<hidden>(options, alphabet);
    if (options.data.empty()) { // windows of the paragraph, in the paragraph's own alphabet
        std::printf("alphabet: %d symbols \"%.*s\"\n\n", alphabet.size, alphabet.size, alphabet.symbols.data());
        const auto tokens = alphabet.tokens(paragraph);
        return run<hidden>(options, alphabet, TokenWindows{tokens, 40, 32}, static_cast<TokenStreams*>(nullptr));
    }
    const auto tokens = byte_alphabet.tokens(io::read_text(options.data)); // streams of the file, byte by byte
    const std::size_t split = tokens.size() * 9 / 10;
    const std::span all{tokens};
    TokenStreams validation{all.subspan(split), 64, 32};
    std::printf("%s: %zu bytes to train on, %zu to validate\n\n", options.data.c_str(), split, tokens.size() - split);
    run<hidden>(options, byte_alphabet, TokenStreams{all.first(split), 64, 32}, &validation);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Learns a text letter by letter with an LSTM, then writes more of it.", "text"};
    Options options;
    options.add(app, 100);
    app.add_option("--hidden", options.hidden, "size of each layer")
        ->capture_default_str()
        ->check(CLI::IsMember({64, 128, 256}));
    app.add_option("--prompt", options.prompt, "what to go on from")->capture_default_str();
    app.add_option("--length", options.length, "symbols to write")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    app.add_option("--temperature", options.temperatures, "one or more; lower is safer, 0 the likeliest only")
        ->capture_default_str();
    app.add_option("--top-k", options.top_k, "draw from the k likeliest only; 0: from all")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    app.footer("Example: examples/run text --data book.txt --epochs 5 --hidden 256 --threads 2 --prompt \"Once\"");
    return common::main(app, argc, argv, [&] {
        if (options.hidden == 64) run<64>(options);
        else if (options.hidden == 256) run<256>(options);
        else run<128>(options);
    });
}
