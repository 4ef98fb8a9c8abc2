// SPDX-License-Identifier: MIT
// Recognizes spoken digits, of which no alignment with the sound is known: a bidirectional GRU, trained with CTC.
#include "common/log_mel.hpp"
#include "common/resample.hpp"
#include "common/spoken_digits.hpp"
#include "common/training.hpp"
#include "common/wav.hpp"

#include <rondo/rondo.hpp>

#include <array>
#include <chrono>
#include <sstream>

using namespace rondo;

namespace {

constexpr int bands = common::LogMel::bands, classes = 11; // the blank, then the digits
using Data = LabelledSequences<float, bands>;

struct Options : common::Options {
    std::string audio;
    int sentences = 1000, beam = 10;
    bool streaming = false;
};

// Halves the number of frames; reads no later ones.
constexpr int stride = 2;
using Convolution = Conv1d<bands, 64, 5, ConvOptions{.stride = stride, .padding = causal_padding}>;
// Reads a whole sentence, in both directions.
using Offline =
    Sequential<Named<"conv", Convolution>, ReLU<64>, Named<"gru", GRU<64, 64, Stack{.bidirectional = true}>>,
               Dropout<128, Rate{20}>, Named<"fc", Linear<128, classes>>>;
// Reads the sound as it comes.
using Causal = Sequential<Named<"conv", Convolution>, ReLU<64>, Named<"gru", GRU<64, 96>>, Dropout<96, Rate{20}>,
                          Named<"fc", Linear<96, classes>>>;

// Each variant at each speed.
std::vector<common::Speaker> speakers(std::initializer_list<const char*> variants, std::initializer_list<int> speeds) {
    std::vector<common::Speaker> all;
    for (const int speed : speeds)
        for (const char* variant : variants) all.push_back({variant, speed});
    return all;
}
const auto heard = [] {
    return speakers({"m1", "m2", "m3", "m4", "m6", "m8", "f1", "f2", "f4", "Andrea", "steph", "adam"},
                    {130, 150, 170, 190, 210});
};
const auto others = [] { return speakers({"m5", "f3", "m7", "f5"}, {140, 160, 200}); };

Data data_of(const std::vector<common::SpokenDigits>& spoken, int batch) {
    Data all{batch, -1.6f};
    for (const common::SpokenDigits& one : spoken) {
        std::vector<int> labels;
        for (const int digit : one.digits) labels.push_back(digit + 1);
        all.add(common::LogMel::frames(one.samples), labels);
    }
    return all;
}
std::string digits(const std::vector<int>& labels) {
    std::string all;
    for (const int label : labels) all += char('0' + label - 1);
    return all.empty() ? "nothing" : all;
}
// The end of the frames that step t of the network reads.
double seconds_of(std::size_t t) {
    return double(common::LogMel::window + stride * t * common::LogMel::hop) / common::LogMel::rate;
}

// The probabilities of all classes in each frame, above the waveform.
void draw(const Options& options, std::span<const float> samples, const SequenceScores<float>& logits,
          const std::string& title) {
    std::ostringstream data{"# seconds  class  probability; then seconds, least and greatest sample\n", std::ios::ate};
    for (int k = 0; k < classes; ++k, data << '\n')
        for (std::size_t t = 0; t < logits.steps; ++t) {
            double sum = 0;
            for (const float y : logits[t]) sum += std::exp(double(y));
            data << seconds_of(t) << ' ' << k << ' ' << std::exp(double(logits[t][std::size_t(k)])) / sum << '\n';
        }
    data << "\n\n";
    for (std::size_t at = 0; at < samples.size(); at += 128) {
        const auto [least, most] =
            std::ranges::minmax(samples.subspan(at, std::min<std::size_t>(128, samples.size() - at)));
        data << double(at) / common::LogMel::rate << ' ' << least << ' ' << most << '\n';
    }
    const std::string end = std::to_string(double(samples.size()) / common::LogMel::rate);
    common::draw(
        options.out, "speech", data.str(),
        "unset key\nset lmargin at screen 0.07\nset rmargin at screen 0.89\nset xrange [0:" + end +
            "]\nset multiplot\nset size 1,0.3\nset origin 0,0.7\nset title " + common::label(title) +
            "\nunset ytics\nset format x ''\n"
            "plot 'speech.dat' index 1 using 1:2:3 with filledcurves lc rgb '#777777'\n"
            "set size 1,0.75\nset origin 0,0\nunset title\nunset grid\nset format x '%g'\nset xlabel 'seconds'\n"
            "set ytics ('blank' 0, '0' 1, '1' 2, '2' 3, '3' 4, '4' 5, '5' 6, '6' 7, '7' 8, '8' 9, '9' 10)\n"
            "set yrange [-0.5:10.5]\nset cbrange [0:1]\nset cblabel 'probability'\n"
            "plot 'speech.dat' index 0 using 1:2:3 with image\nunset multiplot",
        1200, 600);
}

// Feeds a sound in blocks of a hundredth of a second; says each digit as soon as the network does.
void listen(const Model<Causal>& model, std::span<const float> samples) {
    const Packed packed{model};
    Stream stream{packed};
    common::LogMel mel;
    CTCGreedy decode;
    std::vector<double> microseconds;
    std::array<float, decltype(stream)::inputs_size> frames{}; // of a step
    std::size_t given = 0;
    const std::size_t block = common::LogMel::rate / 100;
    for (std::size_t at = 0; at < samples.size(); at += block)
        mel.push(samples.subspan(at, std::min(block, samples.size() - at)), [&](auto frame) {
            std::ranges::copy(frame, frames.begin() + std::ptrdiff_t(given));
            given = (given + bands) % frames.size();
            if (given != 0) return;
            const auto start = std::chrono::steady_clock::now();
            const auto label = decode(stream.step(frames)); // no allocation, no lock
            microseconds.push_back(
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
            if (label) std::printf("%9.2f s  %d\n", double(at + block) / common::LogMel::rate, *label - 1);
        });
    if (microseconds.empty()) return;
    std::ranges::sort(microseconds);
    std::printf("%.1f us for each %.1f ms\n", microseconds[microseconds.size() / 2],
                1e3 * double(stride * common::LogMel::hop) / common::LogMel::rate);
}

template <class Net>
void run(const Options& options) {
    options.announce();
    const bool espeak = common::has_espeak();
    std::printf("%s\n", espeak ? "digits are spoken by espeak-ng" : "espeak-ng is not installed: digits are tones");
    std::fflush(stdout);
    common::RunFiles{options, {}}.check(Model<Net>::size * 16); // before minutes of work
    common::SpokenDigits shown;
    if (!options.audio.empty())
        shown = {common::mono_at(common::read_wav(options.audio), common::LogMel::rate), {}, options.audio};
    Model<Net> model{Seed{options.seed}};
    common::DigitSpeech learned{Seed{options.seed}, espeak}, unheard{Seed{options.seed + 1}, espeak};
    const auto spoken = unheard.say(others(), 120);
    Data train = data_of(options.trains() ? learned.say(heard(), std::size_t(options.sentences)) : spoken, 8),
         held_out = data_of(spoken, 20);
    train.group_by_length(8);
    std::printf("\n%s\n%zu sentences to train on, of 12 voices at 5 speeds; %zu held out, of 4 others at 3 others\n\n",
                summary(model).c_str(), options.trains() ? train.size() : 0, held_out.size());
    const auto steps = std::max<std::int64_t>(1, std::int64_t(train.count()) * options.epochs);
    Trainer trainer{model,
                    CTC{},
                    Adam{.rate = 5e-3},
                    {.clip_norm = 1,
                     .threads = options.threads,
                     .seed = Seed{options.seed},
                     .schedule = CosineDecay{.steps = steps}}};
    const common::Training training = common::train(options, trainer, train, "sentences", &held_out);
    if (training.stopped) return;

    const double error = evaluate(model, held_out, CTC{}, metric::SymbolErrorRate{}).metric("symbol_error_rate");
    common::draw_losses(options, training, "CTC loss (nats a digit)");
    Workspace<Net> work;
    const auto logits = [&](std::span<const float> samples) {
        const std::vector<float> frames = common::LogMel::frames(samples);
        const Extent extent{int(frames.size() / bands), 1};
        return sequence_scores(work.forward(model, SequenceView<const float, bands>{frames.data(), nullptr, extent}),
                               0);
    };
    std::size_t wrong = 0, labels = 0;
    std::printf("\n");
    for (std::size_t n = 0; n < spoken.size(); ++n) {
        std::vector<int> wanted;
        for (const int digit : spoken[n].digits) wanted.push_back(digit + 1);
        const auto found = ctc_beam_search({.width = options.beam}, logits(spoken[n].samples));
        wrong += metric::edit_distance(found[0].labels, wanted);
        labels += wanted.size();
        if (n % 10 == 0)
            std::printf("%-10s said %-7s heard %s\n", spoken[n].voice.c_str(), digits(wanted).c_str(),
                        digits(found[0].labels).c_str());
    }
    if (options.audio.empty())
        shown = *std::ranges::max_element(spoken, {}, [](const auto& one) { return one.digits.size(); });
    if (shown.samples.size() >= common::LogMel::window) {
        const auto y = logits(shown.samples);
        draw(options, shown.samples, y, shown.voice + ": " + digits(ctc_greedy(y)));
        std::printf("\n%s: %s\n", printable(shown.voice).c_str(),
                    digits(ctc_beam_search({.width = options.beam}, y)[0].labels).c_str());
        if constexpr (std::same_as<Net, Causal>) listen(model, shown.samples);
    }
    std::printf("\nspeech: ");
    training.print();
    std::printf(" symbol_error_rate=%.4f beam_error_rate=%.4f seconds=%.1f\n", error, double(wrong) / double(labels),
                training.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Recognizes several spoken digits, with CTC.", "speech"};
    Options options;
    options.add(app, 20);
    options.pictures = {"speech"};
    app.remove("--data"); // the sentences are spoken here
    app.add("--sentences", options.sentences, "sentences to train on").show_default().check(common::whole(1, 100'000));
    app.add("--beam", options.beam, "prefixes of the beam search").show_default().check(common::whole(1, 1000));
    app.add_flag("--streaming", options.streaming, "a network that reads the sound as it comes, run by a Stream");
    app.add("--audio", options.audio, "a WAV file to recognize; default: a sentence that was held out")
        .type_name("FILE")
        .check(common::path());
    app.footer("Example: espeak-ng -w said.wav 'two zero five' && examples/run speech --streaming --audio said.wav");
    return common::main(app, argc, argv, [&] {
        if (options.streaming) run<Causal>(options);
        else run<Offline>(options);
    });
}
