// SPDX-License-Identifier: MIT
// One recurrent layer, with as many inputs as units, on the device: a line of JSON for each batch, number of steps and
// pass. Compiled for one CELL and one HIDDEN size. Arguments: maximum number of runs, and seconds for each line.

#include "timing.cuh"

#include <rondo/backend/thrust/backend.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/model/workspace.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using B = rondo::ThrustBackend<float>;
constexpr int hidden = HIDDEN;
using Net = rondo::CELL<hidden, hidden>;
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

void report(const char* pass, int batch, int steps, bool lengths, const Times& times) {
    std::printf("{\"library\": \"Rondo\", \"cell\": \"%s\", \"hidden\": %d, \"batch\": %d, \"steps\": %d, "
                "\"lengths\": %s, \"pass\": \"%s\", \"type\": \"fp32\", \"min\": %.2f, \"median\": %.2f}\n",
                TEXT(CELL), hidden, batch, steps, lengths ? "true" : "false", pass, times.min, times.median);
    std::fflush(stdout);
}

void measure(const rondo::Model<Net, B>& model, int batch, int steps, bool ragged, const Rounds& rounds) {
    // As in a batch of sentences: sorted, the longest has all steps, the shortest an eighth of them.
    std::vector<int> lengths;
    for (int b = 0; b < batch; ++b)
        lengths.push_back(steps - int(std::int64_t(steps) * 7 / 8 * b / (batch > 1 ? batch - 1 : 1)));
    const rondo::Extent extent{steps, batch, ragged ? lengths.data() : nullptr};
    const rondo::RandomStream draw{rondo::Seed{1}, rondo::Purpose::user};
    std::vector<float> host(std::size_t(hidden) * extent.columns());
    for (std::size_t k = 0; k < host.size(); ++k) host[k] = float(rondo::uniform(draw.wide(k)) - 0.5);
    B::buffer<float> x, dx(host.size());
    B::upload(x, host.data(), host.size());

    rondo::Workspace<Net, B> work;
    const cudaStream_t stream = work.backend().queue().stream();
    const rondo::SequenceView<const float, hidden> input{B::data(x), nullptr, extent};
    report("forward", batch, steps, ragged, timed(stream, rounds, [&] { work.forward(model, input); }));

    rondo::Model<Net, B> gradient;
    report("both", batch, steps, ragged, timed(stream, rounds, [&] {
               const auto y = work.record(model, nullptr, {}, [&](auto& run) {
                   return Net::forward(run, rondo::SequenceView<float, hidden>{B::data(x), B::data(dx), extent});
               });
               work.backend().copy(y.gradient, y.value, y.size());
               work.backward(&gradient);
           }));
}

} // namespace

int main(int count, char** arguments) {
    Rounds rounds;
    if (count > 1) rounds.most = std::atoi(arguments[1]);
    if (count > 2) rounds.seconds = std::atof(arguments[2]);
    const rondo::Model<Net, B> model{rondo::Seed{1}};
    for (const int steps : {40, 512})
        for (const int batch : {1, 32, 128}) {
            measure(model, batch, steps, false, rounds);
            if (batch > 1) measure(model, batch, steps, true, rounds);
        }
}
