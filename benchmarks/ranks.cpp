// SPDX-License-Identifier: MIT
// Times training steps of the ranks that mpirun has started, and their communication: see ranks.py.
#include <rondo/distributed/mpi.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/trainer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using namespace rondo;
using Steady = std::chrono::steady_clock;

double elapsed(Steady::time_point begin) { return std::chrono::duration<double>(Steady::now() - begin).count(); }

/// An MPICommunicator that knows how long its messages took.
class Timed final : public MPICommunicator {
public:
    Error exchange(const detail::Messages& messages) override {
        const auto begin = Steady::now();
        Error error = MPICommunicator::exchange(messages);
        seconds += elapsed(begin);
        return error;
    }
    double seconds = 0;
};

double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

/// Steps of an LSTM of 256 units over a batch of 64 sequences of 50 steps.
void steps(Timed& ranks, int threads, int count) {
    using Net = Sequential<LSTM<32, 256>, Linear<256, 1>>;
    constexpr int length = 50, batch = 64;
    std::vector<float> x(std::size_t(32 * length * batch)), y(std::size_t(length * batch));
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = float(k % 17) * 0.1f - 0.8f;
    for (std::size_t k = 0; k < y.size(); ++k) y[k] = float(k % 13) * 0.1f;
    const Extent extent{length, batch};
    const Batch<SequenceView<const float, 1>, SequenceView<const float, 32>> all{
        {SequenceView<const float, 32>{x.data(), nullptr, extent}}, {y.data(), nullptr, extent}};
    Model<Net> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}, {.threads = threads, .communicator = &ranks}};
    trainer.step(all);
    std::vector<double> times, shares;
    for (int k = 0; k < count; ++k) {
        ranks.seconds = 0;
        const auto begin = Steady::now();
        trainer.step(all);
        times.push_back(elapsed(begin));
        shares.push_back(ranks.seconds / times.back());
    }
    if (ranks.rank() == 0)
        std::printf("step %.6f %.6f %.4f\n", median(times), *std::min_element(times.begin(), times.end()),
                    median(shares));
}

/// Sums of gradients of several sizes, which the cost model is fitted to.
void sums(Timed& ranks, int count) {
    const Shards shards{ranks.size(), ranks.size(), 0, ranks.size()};
    for (const std::size_t size : {16u, 1024u, 16384u, 65536u, 262144u, 1048576u, 4194304u}) {
        std::vector<float> gradient(size, 1);
        float* const node = gradient.data();
        std::vector<double> times;
        for (int k = 0; k < count; ++k) {
            ranks.barrier();
            const auto begin = Steady::now();
            ranks.sum(ShardSums<float>{shards, {&node, 1}, node, size});
            times.push_back(elapsed(begin));
        }
        if (ranks.rank() == 0)
            std::printf("sum %zu %.9f %.9f\n", size * sizeof(float), median(times),
                        *std::min_element(times.begin(), times.end()));
    }
}

} // namespace

int main(int argc, char** argv) {
    Timed ranks;
    if (argc == 4 && std::string_view{argv[1]} == "steps") steps(ranks, std::atoi(argv[2]), std::atoi(argv[3]));
    else if (argc == 3 && std::string_view{argv[1]} == "sums") sums(ranks, std::atoi(argv[2]));
    else return 2;
    return 0;
}
