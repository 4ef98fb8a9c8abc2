// SPDX-License-Identifier: MIT
// Straightforward implementations in Eigen: steps of LSTM and GRU, and an LSTM over a sequence with backward.
#include <Eigen/Core>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

using Matrix = Eigen::MatrixXf;
using Vector = Eigen::VectorXf;

struct LSTM {
    int size;
    Matrix W, U;
    Vector b, a, h, c;

    LSTM(int in, int hidden)
        : size{hidden}, W{Matrix::Random(4 * hidden, in) * 0.1f}, U{Matrix::Random(4 * hidden, hidden) * 0.1f},
          b{Vector::Random(4 * hidden)}, a(4 * hidden), h{Vector::Zero(hidden)}, c{Vector::Zero(hidden)} {}
    void step(const Vector& x) {
        a = b;
        a.noalias() += W * x;
        a.noalias() += U * h;
        const auto gate = [this](int k) { return a.segment(k * size, size).array(); };
        c = gate(1).logistic() * c.array() + gate(0).logistic() * gate(2).tanh();
        h = gate(3).logistic() * c.array().tanh();
    }
};

struct GRU {
    int size;
    Matrix W, U;
    Vector b, d, a, q, h;

    GRU(int in, int hidden)
        : size{hidden}, W{Matrix::Random(3 * hidden, in) * 0.1f}, U{Matrix::Random(3 * hidden, hidden) * 0.1f},
          b{Vector::Random(3 * hidden)}, d{Vector::Random(3 * hidden)}, a(3 * hidden), q(3 * hidden),
          h{Vector::Zero(hidden)} {}
    void step(const Vector& x) {
        a = b;
        a.noalias() += W * x;
        q = d;
        q.noalias() += U * h;
        const auto in = [this](int k) { return a.segment(k * size, size).array(); };
        const auto own = [this](int k) { return q.segment(k * size, size).array(); };
        const Eigen::ArrayXf z = (in(1) + own(1)).logistic();
        const Eigen::ArrayXf n = (in(2) + (in(0) + own(0)).logistic() * own(2)).tanh();
        h = (1 - z) * n + z * h.array();
    }
};

template <class Cell>
void step(benchmark::State& state, int size) {
    Cell cell{1, size};
    const Matrix out = Matrix::Random(1, size);
    Vector x = Vector::Constant(1, 0.1f);
    for (auto _ : state) {
        x(0) = 0.5f - x(0);
        cell.step(x);
        benchmark::DoNotOptimize(out.row(0).dot(cell.h));
    }
}

constexpr int steps = 50;

/// An LSTM over a batch of sequences, forward and backward.
struct Sequence {
    int size, batch;
    Matrix W, U, dW, dU, dh, dc, da;
    Vector b, db;
    std::vector<Matrix> x, dx, gates, h, c;

    Sequence(int hidden, int columns)
        : size{hidden}, batch{columns}, W{Matrix::Random(4 * size, size) * 0.1f},
          U{Matrix::Random(4 * size, size) * 0.1f}, dW(4 * size, size), dU(4 * size, size), dh(size, batch),
          dc(size, batch), da(4 * size, batch), b{Vector::Random(4 * size)}, db(4 * size),
          x(steps, Matrix::Random(size, batch)), dx(steps, Matrix(size, batch)), gates(steps, Matrix(4 * size, batch)),
          h(steps + 1, Matrix::Zero(size, batch)), c(steps + 1, Matrix::Zero(size, batch)) {}

    void forward() {
        for (std::size_t t = 0; t < steps; ++t) {
            Matrix& a = gates[t];
            a.colwise() = b;
            a.noalias() += W * x[t];
            a.noalias() += U * h[t];
            a.topRows(2 * size) = a.topRows(2 * size).array().logistic();
            a.middleRows(2 * size, size) = a.middleRows(2 * size, size).array().tanh();
            a.bottomRows(size) = a.bottomRows(size).array().logistic();
            const auto gate = [&](int k) { return a.middleRows(k * size, size).array(); };
            c[t + 1] = gate(1) * c[t].array() + gate(0) * gate(2);
            h[t + 1] = gate(3) * c[t + 1].array().tanh();
        }
    }
    void backward() {
        dW.setZero(), dU.setZero(), db.setZero(), dh.setZero(), dc.setZero();
        for (std::size_t t = steps; t-- > 0;) {
            const auto gate = [&](int k) { return gates[t].middleRows(k * size, size).array(); };
            const auto dz = [&](int k) { return da.middleRows(k * size, size).array(); };
            const Eigen::ArrayXXf squashed = c[t + 1].array().tanh();
            dh.array() += 0.01f; // gradient of the output
            dc.array() += dh.array() * gate(3) * (1 - squashed.square());
            dz(0) = dc.array() * gate(2) * gate(0) * (1 - gate(0));
            dz(1) = dc.array() * c[t].array() * gate(1) * (1 - gate(1));
            dz(2) = dc.array() * gate(0) * (1 - gate(2).square());
            dz(3) = dh.array() * squashed * gate(3) * (1 - gate(3));
            dc.array() *= gate(1);
            dW.noalias() += da * x[t].transpose();
            dU.noalias() += da * h[t].transpose();
            db += da.rowwise().sum();
            dx[t].noalias() = W.transpose() * da;
            dh.noalias() = U.transpose() * da;
        }
    }
};

} // namespace

int main(int argc, char** argv) {
    using benchmark::RegisterBenchmark;
    for (const int size : {8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300}) {
        const std::string name = "/1/" + std::to_string(size) + "/1";
        RegisterBenchmark(("LSTM" + name).c_str(), [size](benchmark::State& state) { step<LSTM>(state, size); });
        RegisterBenchmark(("GRU" + name).c_str(), [size](benchmark::State& state) { step<GRU>(state, size); });
    }
    for (const int size : {20, 32, 50, 64, 100, 128, 200, 256, 300, 512})
        for (const int batch : {1, 32, 128}) {
            const std::string name = "LSTM/" + std::to_string(size) + "/batch:" + std::to_string(batch);
            RegisterBenchmark((name + "/inference").c_str(), [=](benchmark::State& state) {
                Sequence sequence{size, batch};
                for (auto _ : state) sequence.forward(), benchmark::ClobberMemory();
            })->Unit(benchmark::kMicrosecond);
            RegisterBenchmark((name + "/training").c_str(), [=](benchmark::State& state) {
                Sequence sequence{size, batch};
                for (auto _ : state) sequence.forward(), sequence.backward(), benchmark::ClobberMemory();
            })->Unit(benchmark::kMicrosecond);
        }
    benchmark::Initialize(&argc, argv);
    benchmark::AddCustomContext("version", std::to_string(EIGEN_WORLD_VERSION) + "." +
                                               std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                               std::to_string(EIGEN_MINOR_VERSION));
    benchmark::RunSpecifiedBenchmarks();
}
