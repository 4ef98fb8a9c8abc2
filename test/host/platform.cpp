// SPDX-License-Identifier: MIT
// A host on another platform: another Eigen, another standard library, sizes of 32 bits. It trains, streams, and reads
// numbers of text.
#include <rondo/io/guitarml.hpp>
#include <rondo/io/nam.hpp>
#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/rtneural_write.hpp>
#include <rondo/io/state_dict.hpp>
#include <rondo/rondo.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace rondo;

int failed = 0;
void expect(bool law, const char* what) {
    if (law) return;
    std::printf("does not hold: %s\n", what);
    ++failed;
}

using Follower = Sequential<LSTM<1, 8>, Linear<8, 1>>;

/// An LSTM learns to give the mean of the last two numbers.
void train(Model<Follower>& model) {
    Samples<float, 1, float, 1> samples{8, Samples<float, 1, float, 1>::Target::each_step};
    for (int k = 0; k < 64; ++k) {
        std::vector<float> x(10), y(10);
        for (std::size_t t = 0; t < x.size(); ++t) {
            x[t] = std::sin(float(k) + 0.7f * float(t));
            y[t] = 0.5f * (x[t] + (t > 0 ? x[t - 1] : 0));
        }
        samples.add(x, y);
    }
    const double before = evaluate(model, samples, MeanSquaredError{}).mean();
    fit(model, samples, MeanSquaredError{}, Adam{.rate = 1e-2}, {.epochs = 5});
    const double after = evaluate(model, samples, MeanSquaredError{}).mean();
    std::printf("loss %g, then %g\n", before, after);
    expect(after < before / 2, "training lowers the loss");
}

void stream(const Model<Follower>& model) {
    std::vector<float> in(64), out(64);
    for (std::size_t t = 0; t < in.size(); ++t) in[t] = std::sin(0.1f * float(t));
    const Packed weights{model};
    Stream stream{weights};
    stream.process(std::span<const float>{in}, std::span{out});
    Workspace<Follower> work;
    const auto whole = work.forward(model, SequenceView<const float, 1>{in.data(), nullptr, {64, 1}});
    float worst = 0;
    for (std::size_t t = 0; t < in.size(); ++t) worst = std::max(worst, std::abs(out[t] - whole.value[t]));
    expect(worst < 1e-5f, "a stream computes what a workspace does");
}

void read_and_write(const Model<Follower>& model) {
    save(model, "a.safetensors");
    io::write_onnx(model, "a.onnx");
    io::write_rtneural(model, "a.json");
    Model<Follower> same, other;
    load(same, "a.safetensors");
    expect(same == model, "safetensors give the same bits back");
    load(same, io::read_onnx("a.onnx"));
    load(other, io::read_rtneural("a.json"));
    expect(other.tensor<"0.weight_hh_l0">() == model.tensor<"0.weight_hh_l0">(), "so does JSON");

    const Table table = parse_table("x,y\n0.1,-1.7976931348623157e308\n1e-3,4.9406564584124654e-324\n");
    expect(table.numbers("x") == std::vector{0.1, 0.001}, "numbers of a table");
    expect(table.numbers("y") == std::vector{-1.7976931348623157e308, 4.9406564584124654e-324}, "its last two");

    // As many numbers as 2^32 and these: where sizes have 32 bits, a product of them would seem to fit.
    std::string nam = R"({"architecture":"LSTM","config":{"input_size":16383,"in_channels":16383,"hidden_size":65536,)"
                      R"("num_layers":1},"weights":[0)";
    for (int k = 1; k < 196609; ++k) nam += ",0";
    Error error;
    io::parse_nam(nam + "]}", error);
    expect(error.message == "nam: weights: expected 21475033089 numbers, got 196609", "sizes of a .nam do not wrap");
    io::parse_guitarml("{}", error);
    io::parse_state_dict("{", error);
}

} // namespace

int main() {
    Model<Follower> model{Seed{1}};
    train(model);
    stream(model);
    read_and_write(model);
    std::printf("Eigen %d.%d, %zu bits\n", EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION, 8 * sizeof(void*));
    return failed;
}
