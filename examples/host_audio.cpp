// SPDX-License-Identifier: MIT
// Processes a WAV file by a model of a guitar amplifier, block by block, as a plug-in does.
#include "common/training.hpp"
#include "common/wav.hpp"

#include <rondo/io/guitarml.hpp>
#include <rondo/io/nam.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/rondo.hpp>

#include <chrono>
#include <numeric>

using namespace rondo;

namespace {

// The candidates for a model file: their sizes are compiled, and one is selected when the file is opened.
template <int hidden>
using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
template <int hidden> using AmpWithSkip = Residual<Amp<hidden>>; // adds the dry signal, as AIDA-X's models do
using Amps = Sizes<Amp, 8, 16, 40>;
using AmpsWithSkip = Sizes<AmpWithSkip, 8, 16, 40>;

struct Options : common::Options {
    std::size_t block = 64;
};

// Strings plucked one after the other, as Karplus and Strong: noise in a delay line with a low-pass filter.
common::Wav plucked(Seed seed, double seconds) {
    common::Wav wav;
    const RandomStream chance{seed, Purpose::user};
    const double pitches[]{82.4, 110, 146.8, 196, 246.9, 329.6};
    for (std::uint32_t note = 0; wav.seconds() < seconds; ++note) {
        std::vector<float> string(std::size_t(wav.rate / pitches[note % 6]));
        for (std::size_t k = 0; k < string.size(); ++k) string[k] = float(chance.wide(k, note) % 1001) / 1000 - 0.5f;
        for (std::size_t k = 0, at = 0; k < std::size_t(wav.rate) / 3; ++k, at = (at + 1) % string.size()) {
            wav.samples.push_back(string[at]);
            string[at] = 0.498f * (string[at] + string[(at + 1) % string.size()]);
        }
    }
    return wav;
}

// The amplifier to model: it saturates, and a large input lowers its bias, so the output depends on the past.
std::vector<float> amplified(const std::vector<float>& dry) {
    std::vector<float> wet;
    float bias = 0, low = 0;
    for (const float x : dry) {
        bias += 0.002f * (std::abs(x) - bias);
        const float driven = std::tanh(6 * x - 4 * bias);
        low += 0.4f * (driven - low); // the loudspeaker
        wet.push_back(0.7f * low);
    }
    return wet;
}

// The mean square of the error, relative to that of the signal.
double error_to_signal(const std::vector<float>& truth, const std::vector<float>& found) {
    double error = 0, signal = 0;
    for (std::size_t k = 0; k < truth.size(); ++k) {
        error += std::pow(double(truth[k]) - double(found[k]), 2);
        signal += std::pow(double(truth[k]), 2);
    }
    return error / signal;
}

common::Training train(const Options& options) {
    constexpr std::size_t window = 300;
    const std::vector<float> dry = plucked(Seed{options.seed + 1}, 4).samples, wet = amplified(dry);
    using Windows = Samples<float, 1, float, 1>;
    Windows windows{16, Windows::Target::each_step};
    for (std::size_t at = 0; at + window <= dry.size(); at += window)
        windows.add(std::span{dry}.subspan(at, window), std::span{wet}.subspan(at, window));
    Model<Amp<16>> model{Seed{options.seed}};
    const auto steps = std::max<std::int64_t>(1, std::int64_t(windows.count()) * options.epochs);
    const TrainerSettings settings{.clip_norm = 1,
                                   .threads = options.threads,
                                   .seed = Seed{options.seed},
                                   .schedule = CosineDecay{.steps = steps}};
    Trainer trainer{model, MeanSquaredError{}, Adam{.rate = 1e-2}, settings};
    return common::train(options, trainer, windows, "samples");
}

// Opens a model file of any supported format and size.
AnyStream open(const std::filesystem::path& file) {
    if (file.extension() == ".nam") return load_any<Amps>(io::read_nam(file));
    if (file.extension() != ".json") return load_any<Amps>(file);
    Error error;
    const io::ModelWeights guitarml = io::read_guitarml(file, error);
    return load_any<Amps, AmpsWithSkip>(error ? io::read_rtneural(file) : guitarml);
}

void run(const Options& options) {
    using Clock = std::chrono::steady_clock;
    const bool own = options.data.empty();
    const auto dry_file = options.out / "host_audio-dry.wav", wet_file = options.out / "host_audio-wet.wav";
    std::error_code none;
    for (const auto& file : {dry_file, wet_file})
        if (std::filesystem::equivalent(options.data, file, none))
            fail(Error::Kind::argument, "--data: " + options.data + " would be overwritten; give another --out");
    const common::Wav dry = own ? plucked(Seed{options.seed}, 3) : common::read_wav(options.data);
    const common::Training training = options.trains() ? train(options) : common::Training{};
    if (training.stopped) return;
    const std::string file = options.trains() ? options.model_file().string() : options.load;

    // One state for each channel; all channels share the weights.
    const auto channels = std::size_t(dry.channels);
    const AnyStream amp = open(file);
    if (amp.input_size() != 1 || amp.output_size() != 1) fail(Error::Kind::mismatch, file + ": not of one signal");
    std::vector<AnyStream> streams;
    for (std::size_t k = 0; k < channels; ++k) streams.push_back(amp.another());

    common::Wav wet = dry;
    std::vector<float> block(options.block);
    std::vector<double> seconds; // time of each block
    seconds.reserve(channels * (dry.frames() / options.block + 1));
    for (std::size_t at = 0; at < dry.frames(); at += options.block)
        for (std::size_t channel = 0; channel < channels; ++channel) {
            const std::size_t count = std::min(options.block, dry.frames() - at);
            float* const samples = wet.samples.data() + at * channels + channel;
            for (std::size_t k = 0; k < count; ++k) block[k] = samples[k * channels];
            const auto start = Clock::now();
            streams[channel].process(block.data(), block.data(), count); // no allocation, no lock
            seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
            for (std::size_t k = 0; k < count; ++k) samples[k * channels] = block[k];
        }
    const double all = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    common::make_folder(options.out);
    common::write_wav(dry_file, dry);
    common::write_wav(wet_file, wet);
    std::printf("\n%s\n%.2f s of %zu channels at %d Hz in %zu blocks of %zu samples\n", wet_file.c_str(), dry.seconds(),
                channels, dry.rate, seconds.size(), options.block);
    std::printf("slowest block: %.0f us of the %.0f us that it lasts\n",
                1e6 * *std::max_element(seconds.begin(), seconds.end()), 1e6 * double(options.block) / dry.rate);
    std::printf("\nhost_audio: ");
    training.print();
    if (own) std::printf(" error_to_signal=%.4f", error_to_signal(amplified(dry.samples), wet.samples));
    std::printf(" real_time_factor=%.1f\n", double(channels) * dry.seconds() / all);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Plays a WAV file through a model of a guitar amplifier, block by block.", "host_audio"};
    Options options;
    options.add(app, 20);
    options.others = {"host_audio-dry.wav", "host_audio-wet.wav"};
    app.add("--block", options.block, "samples a block").show_default().check(common::in_range(1, 65536));
    app.footer("Example: examples/run host_audio --data guitar.wav --load amp.nam");
    return common::main(app, argc, argv, [&] { run(options); });
}
