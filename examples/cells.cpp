// SPDX-License-Identifier: MIT
// Steps single cells, counts their parameters, and plots the gates of an LSTM and a GRU over a sentence.
#include "common/heat_map.hpp"
#include "common/networks.hpp"
#include "common/shapes.hpp"
#include "common/symbols.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

using namespace rondo;

namespace {

constexpr std::string_view story =
    "this is the house that jack built. this is the malt that lay in the house that jack built. this is the rat that "
    "ate the malt that lay in the house that jack built. this is the cat that killed the rat that ate the malt that "
    "lay in the house that jack built. this is the dog that worried the cat that killed the rat that ate the malt that "
    "lay in the house that jack built. this is the cow that tossed the dog that worried the cat that killed the rat "
    "that ate the malt that lay in the house that jack built.";
constexpr std::string_view sentence_of_story = "this is the dog that worried the cat that killed the rat";

constexpr int in = 10, out = 20, steps = 5, batch = 3, hidden = 24;

template <class Cell, int symbols>
using CharModel = Sequential<Named<"embedding", Embedding<symbols, hidden>>,
                             Named<"cell", Recurrent<Cell, hidden, hidden>>, Named<"fc", Linear<hidden, symbols>>>;

const std::vector<std::string> networks{"lstm", "gru"};
struct Options : common::NetworksOptions {
    std::string sentence;
};

// A cell computes one step of a batch; for the next step, its user copies step.after() to step.before(), as a layer
// does.
template <class Cell>
void print_cell(const char* name) {
    const Cell cell{Seed{1}};
    typename Cell::Step step{batch}; // the initial states are zero
    step.x().setConstant(1);
    cell.forward(step);
    const std::string x = common::shape({step.x().cols(), step.x().rows()}),
                      h = common::shape({step.after().cols(), step.after().rows()});
    std::printf("%-54s %10zu  %-11s %-11s %-11s %s\n", name, Cell::Parameters::parameters, x.c_str(), "", h.c_str(),
                Cell::states > 1 ? h.c_str() : "");
}

void print_shapes() {
    std::printf("\n%-54s %10s  %-11s %-11s %-11s %s\n", "one step of a cell", "parameters", "x (B, F)", "", "h (B, H)",
                "c (B, H)");
    print_cell<RNNCell<in, out>>("RNNCell 10 -> 20");
    print_cell<LSTMCell<in, out>>("LSTMCell 10 -> 20");
    print_cell<GRUCell<in, out>>("GRUCell 10 -> 20");
    common::print_layers<RNN<in, out>, LSTM<in, out>, GRU<in, out>, RNN<in, out, Stack{.layers = 2}>>(steps, batch);
}

// The values of the gates at each letter of a sentence.
template <class Net>
void draw_gates(const Options& options, const std::string& name, const Model<Net>& model,
                const std::vector<int>& tokens, const auto& meanings) {
    constexpr auto gates = Net::template layer_at<Net::template index_of<"cell">>::cell_type::gate_names;
    const int length = int(tokens.size());
    Workspace<Net> work;
    const auto traced = work.evaluate(model, nullptr, [&](auto& run) {
        return run(layer<"cell">, run(layer<"embedding">, Tokens{tokens.data(), nullptr, {length, 1}}), with_gates);
    });
    const auto& trace = traced.gates.front(); // of the only layer and direction
    const auto value = [&](std::size_t gate, int unit, int t) {
        return trace.value[t * trace.rows + int(gate) * hidden + unit];
    };
    // The order of units is arbitrary. They are sorted by gate 1, which in both cells is the factor of the old state:
    // units that remember are above, units that forget below.
    std::array<int, hidden> units;
    std::iota(units.begin(), units.end(), 0);
    std::ranges::sort(units, {}, [&](int unit) {
        float kept = 0;
        for (int t = 0; t < length; ++t) kept += value(1, unit, t);
        return kept;
    });
    std::vector<common::HeatMap> maps;
    for (std::size_t gate = 0; gate < gates.size(); ++gate) {
        maps.push_back({std::string{gates[gate]} + ": " + meanings[gate], gates[gate] == "candidate"});
        for (const int unit : units)
            for (int t = 0; t < length; ++t) maps.back().values.push_back(value(gate, unit, t));
    }
    common::draw(options.out, name, options.sentence, "units (sorted)", maps);
}

// Trains (or loads) a network and plots its gates; weight decay keeps the gates from saturating. False: stopped.
template <class Cell, int symbols>
bool study(const Options& options, const std::string& cell, const Alphabet<symbols>& alphabet, auto& batches,
           const auto& meanings, std::string& result, double& seconds) {
    if (!options.wants(cell)) return true;
    Model<CharModel<Cell, symbols>, common::Backend> model{Seed{options.seed}};
    std::printf("\n%s, %d units: %zu parameters with embedding and scores\n", cell.c_str(), hidden, model.parameters);
    const TrainerSettings settings{.clip_norm = 5, .threads = options.threads, .seed = Seed{options.seed}};
    Trainer trainer{model, CrossEntropy{}, AdamW{.rate = 3e-3, .weight_decay = 0.3}, settings};
    const common::Training training = common::train(options.of(cell), trainer, batches, "letters");
    if (training.stopped) return false;
    draw_gates(options, "cells-" + cell + "-gates", common::on_host(model), alphabet.tokens(options.sentence),
               meanings);
    common::Status status;
    const auto evaluate = [&](std::size_t k) { return trainer.evaluate(batches.at(k)); };
    const double loss = common::mean_loss(batches.count(), evaluate, [&](std::size_t done) {
        if (status.due()) status.show("judging: " + std::to_string(100 * done / batches.count()) + " %");
    });
    result += ' ' + cell + "_loss=" + std::to_string(loss);
    seconds += training.seconds;
    return true;
}

template <int symbols>
void run(const Options& options, const Alphabet<symbols>& alphabet, auto batches) {
    const char* const of_lstm[]{"how much is written to c", "how much of c is kept", "what is written to c",
                                "how much of c is shown"};
    const char* const of_gru[]{"how much of h the candidate sees", "how much of h is kept", "what comes instead"};
    common::check_symbols("--sentence", options.sentence, alphabet);
    std::string result;
    double seconds = 0;
    if (study<cell::LSTM>(options, "lstm", alphabet, batches, of_lstm, result, seconds) &&
        study<cell::GRU>(options, "gru", alphabet, batches, of_gru, result, seconds))
        std::printf("\ncells: rnn=%zu lstm=%zu gru=%zu rnn_2_layers=%zu%s seconds=%.2f\n",
                    parameter_count<RNN<in, out>>, parameter_count<LSTM<in, out>>, parameter_count<GRU<in, out>>,
                    parameter_count<RNN<in, out, Stack{.layers = 2}>>, result.c_str(), seconds);
}

void run(Options options) {
    options.announce();
    options.check_files(networks);
    print_shapes();
    if (options.sentence.size() > 120)
        fail(Error::Kind::argument,
             "--sentence: expected 120 bytes or fewer, got " + std::to_string(options.sentence.size()));
    if (options.data.empty()) {
        if (options.sentence.empty()) options.sentence = sentence_of_story;
        const auto tokens = alphabet_of<story>.tokens(story);
        return run(options, alphabet_of<story>, TokenWindows{tokens, 32, 32});
    }
    const std::string text = io::read_text(options.data);
    if (text.size() < 200)
        fail(Error::Kind::format, options.data + ": expected 200 bytes or more, got " + std::to_string(text.size()));
    if (options.sentence.empty()) options.sentence = text.substr(0, 60);
    const auto tokens = byte_alphabet.tokens(text);
    run(options, byte_alphabet, TokenStreams{tokens, 32, 16});
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Steps single cells, and draws what the gates of an LSTM and a GRU do while they read.",
                            "cells"};
    Options options;
    options.add(app, 40, networks);
    options.pictures = {"cells-lstm-gates", "cells-gru-gates"};
    app.add("--sentence", options.sentence, "to read with the gates traced; default: some of the text");
    app.footer("Example: examples/run cells --data book.txt --epochs 5 --sentence \"It was the best of times\"");
    return common::main(app, argc, argv, [&] { run(options); });
}
