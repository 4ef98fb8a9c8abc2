// SPDX-License-Identifier: MIT
// Serves many sessions with one const model: four threads answer requests as they arrive, in order for each session;
// and one thread answers requests that arrive in groups, one by one and together.
#include "common/session_groups.hpp"
#include "common/sessions.hpp"
#include "common/training.hpp"

#include <rondo/rondo.hpp>

#include <chrono>
#include <thread>

using namespace rondo;

namespace {

// Predicts the next value of a sensor from all previous ones.
template <int hidden>
using Forecaster = Sequential<Named<"gru", GRU<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
using Forecasters = Sizes<Forecaster, 8, 16, 32>;

struct Options : common::Options {
    std::size_t sessions = 1000, requests = 20, workers = 4;
};
using common::Session, common::values_a_request;

// The data of a session's sensor: a sine of its own frequency and phase, with noise.
std::vector<float> sensor(std::uint64_t session, std::size_t count, Seed seed) {
    const RandomStream chance{seed, Purpose::user, session};
    const double speed = 0.1 + 0.3 * double(chance.wide(0) % 1000) / 1000, begin = double(chance.wide(1) % 1000);
    std::vector<float> values;
    for (std::size_t k = 0; k < count; ++k)
        values.push_back(float(std::sin(speed * double(k) + begin) + 0.05 * chance.normal(k + 2)));
    return values;
}

std::vector<Session> sessions_of(const AnyStream& model, const Options& options) {
    std::vector<Session> all(options.sessions);
    for (std::size_t k = 0; k < all.size(); ++k) {
        all[k].stream = model.another();
        all[k].values = sensor(k, options.requests * values_a_request + 1, Seed{options.seed + 1});
        all[k].answers.resize(options.requests * values_a_request);
    }
    return all;
}

common::Training train(const Options& options) {
    constexpr std::size_t window = 100;
    Samples<float, 1, float, 1> windows{32, Samples<float, 1, float, 1>::Target::each_step};
    for (std::uint64_t k = 0; k < 320; ++k) {
        const std::vector<float> values = sensor(k, window + 1, Seed{options.seed});
        windows.add(std::span{values}.first(window), std::span{values}.last(window));
    }
    Model<Forecaster<16>> model{Seed{options.seed}};
    Trainer trainer{model, MeanSquaredError{}, Adam{.rate = 1e-2},
                    TrainerSettings{.clip_norm = 1, .threads = options.threads, .seed = Seed{options.seed}}};
    return common::train(options, trainer, windows, "values");
}

// Requests in groups, of sessions of 128 units. The times do not depend on what the weights are.
void serve_groups(const Options& options) {
    constexpr int units = 128;
    const Model<Forecaster<units>> model{Seed{options.seed}};
    const Packed weights{model};
    const common::GroupedService service{weights, options.sessions, options.sessions * options.requests};
    std::vector<float> alone, together;
    const common::ServiceFigures before = service.one_by_one(alone), after = service.together(together);
    if (together != alone) fail(Error::Kind::mismatch, "results of Streams and of Stream differ");
    std::printf("\nrequests in groups of up to 64, sessions of %d units, one thread: %.0f requests a second one by one "
                "(p99 %.0f us), %.0f together (p99 %.0f us), with the same bits\n",
                units, before.requests_per_second, before.p99_us, after.requests_per_second, after.p99_us);
    std::printf("\nhost_service: groups_requests_per_second_alone=%.0f groups_requests_per_second=%.0f "
                "groups_p99_us_alone=%.0f groups_p99_us=%.0f\n",
                before.requests_per_second, after.requests_per_second, before.p99_us, after.p99_us);
}

void run(const Options& options) {
    using Clock = std::chrono::steady_clock;
    const common::Training training = options.trains() ? train(options) : common::Training{};
    if (training.stopped) return;
    const AnyStream model =
        load_any<Forecasters>(options.trains() ? options.model_file() : std::filesystem::path{options.load});
    if (model.input_size() != 1 || model.output_size() != 1) fail(Error::Kind::mismatch, "not a model of one sensor");

    std::vector<Session> alone = sessions_of(model, options), served = sessions_of(model, options);
    const auto start = Clock::now();
    for (Session& session : alone)
        for (; session.answered < options.requests; ++session.answered) common::answer(session);
    const auto between = Clock::now();
    common::SessionQueue queue;
    std::vector<std::thread> workers;
    for (std::size_t k = 0; k < options.workers; ++k) workers.emplace_back([&] { queue.work(); });
    for (std::size_t k = 0; k < options.requests; ++k)
        for (Session& session : served) queue.ask(session);
    queue.close();
    for (std::thread& worker : workers) worker.join();
    const auto end = Clock::now();

    double error = 0;
    for (std::size_t k = 0; k < served.size(); ++k) {
        if (served[k].answers != alone[k].answers || served[k].answered != options.requests)
            fail(Error::Kind::mismatch, "session " + std::to_string(k) + " was told something else than alone");
        for (std::size_t n = 0; n < served[k].answers.size(); ++n)
            error += std::pow(double(served[k].answers[n]) - double(served[k].values[n + 1]), 2);
    }
    const double requests = double(options.sessions * options.requests);
    const auto rate = [&](Clock::duration time) { return requests / std::chrono::duration<double>(time).count(); };
    std::printf("\n%zu sessions, %.0f requests of %zu values: %zu threads say, bit for bit, what one says\n",
                options.sessions, requests, values_a_request, options.workers);
    std::printf("\nhost_service: ");
    training.print();
    std::printf(" mse=%.4f requests_per_second_alone=%.0f requests_per_second=%.0f\n",
                error / requests / double(values_a_request), rate(between - start), rate(end - between));
    serve_groups(options);
}

} // namespace

int main(int argc, char** argv) {
    common::CommandLine app{"Serves many sessions with one const model, in several threads.", "host_service"};
    Options options;
    options.add(app, 10);
    app.remove("--data"); // the sensors are simulated
    app.add("--sessions", options.sessions, "each with a state").show_default().check(common::in_range(1, 100000));
    app.add("--requests", options.requests, "of each session").show_default().check(common::in_range(1, 1000));
    app.add("--workers", options.workers, "threads that answer").show_default().check(common::in_range(1, 64));
    return common::main(app, argc, argv, [&] { run(options); });
}
