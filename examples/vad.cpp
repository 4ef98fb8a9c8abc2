// SPDX-License-Identifier: MIT
// Finds speech in a sound, chunk by chunk: with the weights of Silero VAD, or of a small detector that it trains.
#include "common/resample.hpp"
#include "common/speech_segments.hpp"
#include "common/training.hpp"
#include "common/voice_network.hpp"
#include "common/voice_sounds.hpp"
#include "common/wav.hpp"

#include <rondo/rondo.hpp>

#include <chrono>
#include <sstream>

using namespace rondo;

namespace {

// The detector that is trained here: Silero's network with fewer features.
constexpr common::VoiceSizes small{.chunk = 512, .context = 64, .window = 256, .wide = 16, .narrow = 16, .hidden = 16};
using Small = common::VoiceNet<small>;
using Silero = common::VoiceNet<common::silero>;
using Frames = Samples<float, small.frame(), float, 1>;
constexpr int rate = common::SoundMaker::rate;
constexpr auto chunk = std::size_t(small.chunk);
static_assert(small.chunk == common::silero.chunk);

struct Options : common::Options {
    std::string model, audio;
    common::SegmentSettings segments;
};

// The cosines and sines of a Fourier transform with a Hann window: the first values of its convolution's weights.
void set_fourier(Model<Small>& model) {
    auto basis = model.tensor<"frame.stft.weight">();
    for (int k = 0; k < small.bins(); ++k)
        for (int t = 0; t < small.window; ++t) {
            const double turn = 2 * 3.141592653589793 * t / small.window, window = 0.5 - 0.5 * std::cos(turn);
            basis(k, t) = float(window * std::cos(turn * k));
            basis(small.bins() + k, t) = float(-window * std::sin(turn * k));
        }
}

// Sounds of two seconds: the frames of each, and whether most of a chunk is speech.
Frames sounds(Seed seed, int count) {
    Frames all{4, Frames::Target::each_step};
    common::SoundMaker maker{seed};
    for (int n = 0; n < count; ++n) {
        const common::LabelledSound sound = maker.make(2);
        std::vector<float> padded(std::size_t(small.context)), frames, targets;
        padded.insert(padded.end(), sound.samples.begin(), sound.samples.end());
        for (std::size_t at = 0; at + std::size_t(small.frame()) <= padded.size(); at += chunk) {
            frames.insert(frames.end(), padded.begin() + std::ptrdiff_t(at),
                          padded.begin() + std::ptrdiff_t(at) + small.frame());
            const auto first = sound.speech.begin() + std::ptrdiff_t(at);
            targets.push_back(std::count(first, first + small.chunk, 1) > small.chunk / 2);
        }
        all.add(frames, targets);
    }
    return all;
}

// The fraction of chunks that a trained model takes for what they are.
double accuracy(const Model<Small>& model, Frames& held_out) {
    Workspace<Small> work;
    std::size_t right = 0, all = 0;
    for (std::size_t k = 0; k < held_out.count(); ++k) {
        const auto batch = held_out.at(k);
        const auto y = std::apply([&](const auto&... x) { return work.forward(model, x...); }, batch.inputs);
        for (std::size_t n = 0; n < y.columns(); ++n)
            right += (y.value[n] > 0) == (batch.target.value[n] > 0.5f), ++all;
    }
    return double(right) / double(all);
}

// The probability of speech in each chunk; the last chunk ends with silence.
template <common::VoiceSizes sizes>
std::vector<float> probabilities(const Model<common::VoiceNet<sizes>>& model, const std::vector<float>& samples,
                                 double& microseconds) {
    using Clock = std::chrono::steady_clock;
    const Packed packed{model};
    common::VoiceStream<sizes> voice{packed};
    std::vector<float> all, last(chunk);
    std::vector<double> times;
    for (std::size_t at = 0; at < samples.size(); at += chunk) {
        std::span<const float> x = std::span{samples}.subspan(at, std::min(chunk, samples.size() - at));
        if (x.size() < chunk) std::ranges::copy(x, last.begin()), x = last;
        const auto start = Clock::now();
        all.push_back(voice.step(x.first<chunk>())); // no allocation, no lock
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::ranges::nth_element(times, times.begin() + std::ptrdiff_t(times.size() / 2));
    microseconds = times[times.size() / 2];
    return all;
}

void draw(const Options& options, const std::vector<float>& samples, const std::vector<float>& speech,
          const std::vector<common::Segment>& segments) {
    std::ostringstream data{"# seconds  probability  least and greatest sample; then the segments\n", std::ios::ate};
    data.precision(9);
    for (std::size_t k = 0; k < speech.size(); ++k) {
        const auto x = std::span{samples}.subspan(k * chunk, std::min(chunk, samples.size() - k * chunk));
        const auto [least, most] = std::ranges::minmax(x);
        data << double(k * chunk) / rate << ' ' << speech[k] << ' ' << least << ' ' << most << '\n';
    }
    data << "\n\n";
    for (const common::Segment& s : segments)
        data << double(s.begin) / rate << " 1.05\n" << double(s.end) / rate << " 1.05\n\n";
    std::string plot = "set yrange [-1:1.2]\nset key above\nset xlabel 'seconds'\n"
                       "plot 'vad.dat' index 0 using 1:3:4 with filledcurves lc rgb '#bbbbbb' title 'waveform', "
                       "'' index 0 using 1:2 with lines lt 1 title 'probability of speech'";
    if (!segments.empty()) plot += ", '' index 1 with lines lt 2 lw 6 title 'segments'";
    common::draw(options.out, "vad", data.str(), plot, 1200, 480);
}

void run(const Options& options) {
    options.announce();
    const bool given = !options.model.empty();
    Model<Silero> weights;
    if (given) load(weights, options.model, common::silero_names());
    const common::LabelledSound made =
        options.audio.empty() ? common::SoundMaker{Seed{options.seed + 2}}.make(12) : common::LabelledSound{};
    const std::vector<float> samples =
        options.audio.empty() ? made.samples : common::mono_at(common::read_wav(options.audio), rate);

    common::Training training;
    double microseconds = 0, held_out_accuracy = 0;
    std::vector<float> speech;
    if (given) {
        std::printf("\n%s\n", summary(weights).c_str());
        speech = probabilities<common::silero>(weights, samples, microseconds);
    } else {
        Model<Small> model{Seed{options.seed}};
        set_fourier(model);
        Frames train = sounds(Seed{options.seed}, 120), held_out = sounds(Seed{options.seed + 1}, 40);
        std::printf("\n%s\n%zu sounds to train on, %zu held out\n\n", summary(model).c_str(), train.size(),
                    held_out.size());
        const auto steps = std::max<std::int64_t>(1, std::int64_t(train.count()) * options.epochs);
        Trainer trainer{model,
                        BinaryCrossEntropy{},
                        Adam{.rate = 5e-3},
                        {.clip_norm = 1,
                         .threads = options.threads,
                         .seed = Seed{options.seed},
                         .schedule = CosineDecay{.steps = steps}}};
        training = common::train(options, trainer, train, "chunks", &held_out);
        if (training.stopped) return;
        held_out_accuracy = accuracy(model, held_out);
        common::draw_losses(options, training, "binary cross-entropy (nats a chunk)");
        speech = probabilities<small>(model, samples, microseconds);
    }
    const std::vector<common::Segment> segments =
        common::speech_segments(speech, chunk, samples.size(), rate, options.segments);
    common::make_folder(options.out);
    if (options.audio.empty()) common::write_wav(options.out / "vad.wav", {rate, 1, samples});
    draw(options, samples, speech, segments);

    std::printf("\n%zu segments of speech in %s, %.2f s\n", segments.size(),
                options.audio.empty() ? "the sound that it made" : printable(options.audio).c_str(),
                double(samples.size()) / rate);
    for (const common::Segment& s : segments)
        std::printf("%9.3f to %9.3f s\n", double(s.begin) / rate, double(s.end) / rate);
    std::printf("\nvad: ");
    if (!given) training.print(), std::printf(" accuracy=%.4f ", held_out_accuracy);
    std::printf("chunks=%zu us_per_chunk=%.1f real_time_factor=%.0f\n", speech.size(), microseconds,
                1e6 * double(chunk) / rate / microseconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Finds speech in a sound, chunk by chunk.", "vad"};
    Options options;
    options.add(app, 8);
    options.pictures = {"vad"};
    options.others = {"vad.wav"};
    app.remove("--data"); // --audio is the sound to detect speech in; the sounds to train on are computed
    app.add("--model", options.model, "Silero VAD 6.2, as tools/convert.py wrote it: nothing is trained then")
        .type_name("FILE")
        .check(common::path());
    app.add("--audio", options.audio, "a WAV file; default: a sound that it makes")
        .type_name("FILE")
        .check(common::path());
    app.add("--threshold", options.segments.threshold, "probability from which a chunk is speech")
        .show_default()
        .check(common::real(0, 1));
    app.add("--speech", options.segments.speech, "milliseconds that a segment must exceed")
        .show_default()
        .check(common::whole(0, 1'000'000));
    app.add("--silence", options.segments.silence, "milliseconds of silence that end a segment")
        .show_default()
        .check(common::whole(0, 1'000'000));
    app.add("--margin", options.segments.margin, "milliseconds added to both ends of a segment")
        .show_default()
        .check(common::whole(0, 1'000'000));
    app.footer("pip download --no-deps silero-vad==6.2.3 has silero_vad/data/silero_vad_16k_op15.onnx in it;\n"
               "tools/convert.py silero_vad_16k_op15.onnx silero.safetensors --prefix model.\n"
               "Example: examples/run vad --model silero.safetensors --audio speech.wav");
    return common::main(app, argc, argv, [&] {
        for (const char* other : {"--epochs", "--load", "--resume", "--save"})
            if (!options.model.empty() && app.option(other).count() > 0)
                fail(Error::Kind::argument, std::string{"--model: nothing is trained then; expected no "} + other);
        run(options);
    });
}
