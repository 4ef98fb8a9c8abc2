// SPDX-License-Identifier: MIT
// Compares LSTMs of one and both directions, one and three layers deep, on the detection of a signal in noise.
#include "common/networks.hpp"
#include "common/sensors.hpp"
#include "common/shapes.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

constexpr int sensors = 10, hidden = 20;
using Uni = LSTM<sensors, hidden>;
using Bi = LSTM<sensors, hidden, Stack{.bidirectional = true}>;
using Deep = LSTM<sensors, hidden, Stack{.layers = 3}>;
using DeepBi = LSTM<sensors, hidden, Stack{.layers = 3, .bidirectional = true, .dropout = Rate{20}}>; // 20 of 100

// Ten noisy sensors measure a hidden signal. At each step one logit: is the signal above zero? A network of one
// direction reads the past only, so it can filter. In both directions it reads later steps, too, so it can smooth,
// which is more accurate. More layers do not help here, since the optimal estimate is linear.
template <class Layer>
using Detector = Sequential<Named<"lstm", Layer>, Named<"fc", Linear<Layer::output_size, 1>>>;
using Windows = Samples<float, sensors, float, 1>;

const std::vector<std::string> networks{"uni", "bi", "deep", "deep-bi"};
struct Options : common::NetworksOptions {
    std::string column;
    double noise = 4, persistence = 0.95;
};

struct Results {
    std::string table, bars, line;
    double seconds = 0;
};

// The fraction of steps that are classified correctly; says(x) returns the logits of the columns of x.
double accuracy(Windows& windows, const auto& says) {
    double right = 0, steps = 0;
    for (std::size_t k = 0; k < windows.count(); ++k) {
        const auto batch = windows.at(k);
        const auto said = says(std::get<0>(batch.inputs));
        for_each_valid_range(batch.target.extent,
                             [&](std::size_t first, std::size_t count) { // columns that are not padding
                                 for (std::size_t n = first; n < first + count; ++n)
                                     right += said(n) == (batch.target.value[n] > 0.5f);
                                 steps += double(count);
                             });
    }
    return right / steps;
}

// Trains (or loads) a network and evaluates it on held-out data. False: stopped.
template <class Layer>
bool study(const Options& options, const std::string& name, Windows& train, Windows& held_out, Results& results) {
    if (!options.wants(name)) return true;
    std::printf("\n%s\n", name.c_str());
    Model<Detector<Layer>, common::Backend> model{Seed{options.seed}};
    const TrainerSettings settings{.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}};
    Trainer trainer{model, BinaryCrossEntropy{}, Adam{.rate = 3e-3}, settings};
    const common::Training training = common::train(options.of(name), trainer, train, "steps");
    if (training.stopped) return false;

    const auto& trained = common::on_host(model);
    Workspace<Detector<Layer>> work;
    const double right = accuracy(held_out, [&](const auto& x) {
        return [y = work.forward(trained, x)](std::size_t n) { return y.value[n] > 0; };
    });
    const double epoch = training.seconds / double(std::max<std::size_t>(1, training.history.size()));
    char text[100];
    std::snprintf(text, sizeof text, "%-10s %10zu %10.4f %14.3f\n", name.c_str(), parameter_count<Layer>, right, epoch);
    results.table += text;
    std::snprintf(text, sizeof text, "%s %.4f %.4f\n", name.c_str(), right, epoch);
    results.bars += text;
    std::snprintf(text, sizeof text, " accuracy_%s=%.4f", name == "deep-bi" ? "deep_bi" : name.c_str(), right);
    results.line += text;
    results.seconds += training.seconds;
    return true;
}

void draw(const Options& options, const std::string& bars, double rule) {
    const std::string plot =
        "set multiplot layout 1,2\nset boxwidth 0.6\nset style fill solid 0.8 noborder\nset key left reverse Left\n"
        "set xrange [-0.5:" +
        std::to_string(std::ranges::count(bars, '\n')) +
        "-0.5]\nset grid noxtics\n"
        "set ylabel 'share of held-out steps told right'\nset yrange [0.5:1]\nplot 'architectures.dat' "
        "using 0:2:xtic(1) with boxes lt 1 notitle, '' using 0:2:(sprintf('%.3f', $2)) with labels offset 0,0.8 "
        "notitle, " +
        std::to_string(rule) +
        " with lines lt 2 title 'rule: mean of the sensors now'\n"
        "set ylabel 'seconds an epoch'\nset yrange [0:*]\nset offsets 0,0,graph 0.1,0\nplot 'architectures.dat' "
        "using 0:3:xtic(1) with boxes lt 3 notitle, '' using 0:3:(sprintf('%.3f', $3)) with labels offset 0,0.8 "
        "notitle\n"
        "unset multiplot";
    common::draw(options.out, options.name, bars, plot, 1100, 500);
}

void run(const Options& options) {
    options.announce();
    options.check_files(networks);
    common::print_layers<Uni, Bi, Deep, DeepBi>(5, 3);
    const Seed seed{options.seed};
    const double learnt = 0.8; // the fraction to train on; the rest is held out
    const std::vector<double> signal = options.data.empty() ? common::wander(120'000, options.persistence, seed)
                                                            : common::read_signal(options.data, options.column, learnt);
    const std::span all{signal};
    const std::size_t split = std::size_t(learnt * double(all.size()));
    Windows train = common::sensor_windows<sensors>(all.first(split), options.noise, 32, seed, 0),
            held_out = common::sensor_windows<sensors>(all.subspan(split), options.noise, 32, seed, 1);
    std::printf("\n%zu windows of 20 to 40 steps to learn from, %zu held out\n", train.size(), held_out.size());

    Results results;
    if (!study<Uni>(options, "uni", train, held_out, results) || !study<Bi>(options, "bi", train, held_out, results) ||
        !study<Deep>(options, "deep", train, held_out, results) ||
        !study<DeepBi>(options, "deep-bi", train, held_out, results))
        return;
    const double rule = accuracy(held_out, [](const auto& x) { // baseline: the mean of the sensors at each step
        return [x](std::size_t n) {
            return std::accumulate(x.value + n * sensors, x.value + (n + 1) * sensors, 0.0f) > 0;
        };
    });
    std::printf("\n%-10s %10s %10s %14s\n%s%-10s %10d %10.4f\n", "network", "parameters", "accuracy", "seconds/epoch",
                results.table.c_str(), "rule", 0, rule);
    draw(options, results.bars, rule);
    std::printf("\narchitectures: parameters=%zu,%zu,%zu,%zu%s rule=%.4f seconds=%.2f\n", parameter_count<Uni>,
                parameter_count<Bi>, parameter_count<Deep>, parameter_count<DeepBi>, results.line.c_str(), rule,
                results.seconds);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Compares LSTMs of one and both directions, one and three layers deep.", "architectures"};
    Options options;
    options.add(app, 5, networks);
    options.pictures = {"architectures"};
    app.add("--column", options.column, "the signal, a column of the CSV file --data").needs(app.option("--data"));
    app.add("--noise", options.noise, "of a sensor, in deviations of the signal")
        .show_default()
        .check(common::real(0, 1e6));
    app.add("--persistence", options.persistence, "what the signal keeps of itself from step to step")
        .show_default()
        .check(common::real(0, 1));
    app.footer("Example: examples/run architectures --data power.csv --column load --noise 2");
    return common::main(app, argc, argv, [&] { run(options); });
}
