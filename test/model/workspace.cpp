// SPDX-License-Identifier: MIT
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <string>
#include <type_traits>
#include <vector>

namespace workspace_test {

using namespace rondo;
using B = EigenBackend<double>;
using Net = Sequential<Named<"rec", LSTM<3, 5>>, Named<"out", Linear<5, 2>>>;

static_assert(std::movable<Workspace<Net>> && !std::copyable<Workspace<Net>>);
static_assert(std::regular<BatchState<Net>> && std::regular<Model<Net>>);

struct Data {
    int steps, batch;
    std::vector<double> x, target, gradient;

    Data(int steps_, int batch_)
        : steps{steps_}, batch{batch_}, x(columns() * 3), target(columns() * 2), gradient(x.size()) {
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = double(k * 7 % 11) / 5 - 1;
        for (std::size_t k = 0; k < target.size(); ++k) target[k] = double(k * 5 % 7) / 3 - 1;
    }
    std::size_t columns() const { return std::size_t(steps) * std::size_t(batch); }
    SequenceView<double, 3> input() { return {x.data(), gradient.data(), {steps, batch}}; }
    SequenceView<const double, 2> wanted() const { return {target.data(), nullptr, {steps, batch}}; }
};

auto loss_of(Data& data) {
    return [&](auto& run) {
        return MeanSquaredError{}(run, Net::forward(run, data.input()), data.wanted(),
                                  MeanSquaredError{}.terms(data.wanted()));
    };
}

// The buffers of two networks do not mix, although they are of one type within.
using Narrow = Linear<4, 2>;
using Wide = Linear<40, 2>;
static_assert(std::is_assignable_v<Model<Narrow>&, const Model<Narrow>&> &&
              !std::is_assignable_v<Model<Narrow>&, const Model<Wide>&>);
static_assert(!std::is_assignable_v<BatchState<Narrow>&, const BatchState<Wide>&>);
static_assert(!std::is_constructible_v<Workspace<Narrow>, Workspace<Wide>&&> &&
              !std::is_aggregate_v<Workspace<Narrow>>);
template <class T>
concept Assigns = requires(T& to, const T& from) { to = from; };
static_assert(!Assigns<detail::ParameterBuffer<EigenBackend<float>>> &&
              !Assigns<detail::StateBuffer<EigenBackend<float>>>);

TEST(Workspace, GradientsAndInputGradientsAddUp) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    Model<Net, B> once, twice;
    const double loss = work.train(model, &once, nullptr, {}, loss_of(data));
    const auto gradient = data.gradient;
    EXPECT_EQ(work.train(model, &twice, nullptr, {}, loss_of(data)), loss);
    work.train(model, &twice, nullptr, {}, loss_of(data));
    const auto a = once.values(), b = twice.values();
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(2 * a[k], b[k], 1e-15);
    for (std::size_t k = 0; k < gradient.size(); ++k) EXPECT_NEAR(3 * gradient[k], data.gradient[k], 1e-15);
}

TEST(Workspace, BackwardWithoutAGradientStillReachesTheInputs) {
    Data data{4, 3}, other{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    Model<Net, B> gradient;
    work.train(model, &gradient, nullptr, {}, loss_of(data));
    work.train(model, nullptr, nullptr, {}, loss_of(other));
    EXPECT_EQ(data.gradient, other.gradient);
    EXPECT_NE(data.gradient, std::vector<double>(data.gradient.size()));
}

TEST(Workspace, EvaluateIsTheLossAndNothingElse) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    const double loss = work.evaluate(model, nullptr, loss_of(data));
    EXPECT_EQ(data.gradient, std::vector<double>(data.gradient.size()));
    EXPECT_EQ(loss, work.record(model, nullptr, {}, loss_of(data)));
}

TEST(Workspace, GrowsAndDoesNotShrink) {
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    EXPECT_EQ(work.bytes(), 0u);
    Data small{2, 2}, large{9, 9};
    work.forward(model, small.input());
    const std::size_t first = work.bytes();
    EXPECT_GT(first, 0u);
    work.train(model, nullptr, nullptr, {}, loss_of(large));
    const std::size_t second = work.bytes();
    EXPECT_GT(second, first);
    work.forward(model, small.input());
    EXPECT_EQ(work.bytes(), second);
}

TEST(Workspace, ReserveTakesEverythingAtOnce) {
    Data data{9, 9};
    Workspace<Net, B> work;
    work.reserve<Mode::training>(loss_of(data));
    const std::size_t reserved = work.bytes();
    EXPECT_GT(reserved, 0u);
    work.train(Model<Net, B>{Seed{1}}, nullptr, nullptr, {}, loss_of(data));
    EXPECT_EQ(work.bytes(), reserved);
}

std::string complaint(auto&& f) {
    try {
        f();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, Error::Kind::argument);
        return failure.what();
    }
    return "none";
}

// It counts its calls.
struct Growing : Network<Named<"out", Linear<3, 2>>> {
    static inline int calls = 0;
    static auto forward(auto& run, const auto& x) {
        auto y = run(layer<"out">, x);
        for (int k = 0; k < calls; ++k) y = run(layer<"out">, x);
        ++calls;
        return y;
    }
};
TEST(Workspace, RefusesAForwardThatNeedsMoreWhenItIsCalledAgain) {
    Data data{4, 3};
    const Model<Growing, B> model{Seed{1}};
    Workspace<Growing, B> work;
    Growing::calls = 0;
    EXPECT_EQ(complaint([&] { work.forward(model, data.input()); }),
              "rondo::Workspace: a forward needed more memory when it was called again; it may depend on nothing but "
              "extents");
}

TEST(Workspace, CallsAForwardOnceWhereItsMemoryIsThere) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    int calls = 0;
    const auto body = [&](auto& run) {
        ++calls;
        return loss_of(data)(run);
    };
    work.train(model, nullptr, nullptr, {}, body);
    EXPECT_EQ(calls, 2);
    work.train(model, nullptr, nullptr, {}, body);
    EXPECT_EQ(calls, 3);
}

TEST(Workspace, LossesAddUp) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    Model<Net, B> gradient, five;
    const double loss = work.train(model, &gradient, nullptr, {}, loss_of(data));
    const double sum = work.train(model, &five, nullptr, {}, [&](auto& run) {
        auto all = loss_of(data)(run);
        for (int k = 0; k < 4; ++k) all += loss_of(data)(run);
        return all + decltype(all){};
    });
    EXPECT_NEAR(sum, 5 * loss, 1e-14);
    const auto a = gradient.values(), b = five.values();
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(5 * a[k], b[k], 1e-14);
    EXPECT_EQ(complaint([&] {
                  work.evaluate(model, nullptr, [&](auto& run) {
                      const auto once = loss_of(data)(run);
                      return once + once;
                  });
              }),
              "rondo: a loss is added to itself; compute it twice, or with half the terms");
}

TEST(Workspace, ALossIsOfItsOwnRun) {
    Data data{4, 3};
    const Model<Net, B> one{Seed{1}}, other{Seed{2}};
    Workspace<Net, B> work;
    const auto a = work.evaluate(one, nullptr, loss_of(data)), b = work.evaluate(other, nullptr, loss_of(data));
    static_assert(std::same_as<decltype(a), const double>);
    EXPECT_NE(a, b);
    EXPECT_EQ(a, work.record(one, nullptr, {}, loss_of(data)));
}

TEST(Workspace, ExecutesWhatWasPrepared) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    const std::string none = "rondo::Workspace: execute without a program before it";
    EXPECT_EQ(complaint([&] { work.execute(); }), none);
    const double loss = work.evaluate(model, nullptr, loss_of(data));
    const auto prepared = work.prepare(model, nullptr, {}, loss_of(data));
    work.execute();
    EXPECT_EQ(prepared.value(work.backend()), loss);
    work.reserve<Mode::training>(loss_of(data));
    EXPECT_EQ(complaint([&] { work.execute(); }), none);
    Workspace<Net, B> moved{std::move(work)};
    moved.record(model, nullptr, {}, loss_of(data));
    moved.backward(nullptr);
}

TEST(Workspace, TakesBatchesOfNothing) {
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    for (auto [steps, batch] : {std::pair{0, 3}, std::pair{3, 0}, std::pair{0, 0}}) {
        Data data{steps, batch};
        BatchState<Net, B> state{batch};
        Model<Net, B> gradient;
        EXPECT_EQ(work.forward(model, state, data.input()).size(), 0u);
        EXPECT_EQ(work.train(model, &gradient, nullptr, {}, loss_of(data)), 0);
        EXPECT_EQ(gradient, (Model<Net, B>{}));
        EXPECT_EQ(state, (BatchState<Net, B>{batch}));
    }
}

// Layers that stand for a network themselves, called by the body.
TEST(Workspace, ChecksTheLengthsOfALayerWithoutANetwork) {
    Data data{3, 2};
    const int lengths[]{1, 1000000}, negative[]{1, -1};
    const auto refused = [&]<class Layer>(const Model<Layer, B>& model, const int* wrong) {
        Workspace<Layer, B> work;
        const SequenceView<const double, 3> x{data.x.data(), nullptr, {3, 2, wrong}};
        return complaint([&] { work.forward(model, x); });
    };
    const auto expect_refused = [&]<class Layer>(const Model<Layer, B>& model) {
        const std::string said = "rondo: the length of sequence 1: expected 0 to 3 steps, got ";
        EXPECT_EQ(refused(model, lengths), said + "1000000");
        EXPECT_EQ(refused(model, negative), said + "-1");
    };
    expect_refused(Model<LSTM<3, 5>, B>{Seed{1}});
    expect_refused(Model<Linear<3, 2>, B>{Seed{1}});
    expect_refused(Model<LastStep<3>, B>{});
}

TEST(Workspace, SaysWhichBatchesDoNotFit) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    BatchState<Net, B> state{2};
    EXPECT_EQ(complaint([&] { work.forward(model, state, data.input()); }),
              "rondo: the input is of 3 sequences, the state of 2");
    Data other{4, 2};
    EXPECT_EQ(complaint([&] {
                  work.evaluate(model, nullptr, [&](auto& run) {
                      return MeanSquaredError{}(run, Net::forward(run, data.input()), other.wanted(), 1);
                  });
              }),
              "rondo: the network gave 4 steps of 3 sequences, the targets are 4 steps of 2");
}

TEST(Workspace, CarriesNothingThroughBothDirections) {
    using Both = Sequential<GRU<3, 2, Stack{.bidirectional = true}>>;
    Data data{4, 3};
    const Model<Both, B> model{Seed{1}};
    Workspace<Both, B> work;
    BatchState<Both, B> state{3};
    EXPECT_EQ(complaint([&] { work.forward(model, state, data.input()); }),
              "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot carry state on");
    EXPECT_EQ(work.forward(model, data.input()).columns(), 12u);
}

TEST(Workspace, GoesBackOnceAndOnlyOverWhatItRecorded) {
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Model<Net, B> gradient;
    Workspace<Net, B> work;
    const std::string message = "rondo::Workspace: backward without a record before it";
    EXPECT_EQ(complaint([&] { work.backward(&gradient); }), message);
    work.record(model, nullptr, {}, loss_of(data));
    work.forward(model, data.input()); // in the same memory
    EXPECT_EQ(complaint([&] { work.backward(&gradient); }), message);
    work.train(model, &gradient, nullptr, {}, loss_of(data));
    EXPECT_EQ(complaint([&] { work.backward(&gradient); }), message);
}

TEST(Workspace, StepsByOneStep) {
    Data data{4, 3};
    BatchState<Net, B> state{3};
    Workspace<Net, B> work;
    EXPECT_EQ(complaint([&] { work.step(Model<Net, B>{Seed{1}}, state, data.input()); }),
              "rondo: a step of a stream is one step, got 4");
}

TEST(Model, TakesItsOwnNumberOfNumbers) {
    Model<Net, B> model{Seed{1}};
    BatchState<Net, B> state{3};
    for (const std::size_t wrong : {std::size_t(0), model.size - 1, model.size + 1}) {
        EXPECT_EQ(complaint([&] { model.assign(std::vector<double>(wrong)); }),
                  "rondo::Model: expected " + std::to_string(model.size) + " numbers, got " + std::to_string(wrong));
        EXPECT_EQ(complaint([&] { state.assign(std::vector<double>(wrong)); }),
                  "rondo::BatchState: expected 30 numbers, got " + std::to_string(wrong));
    }
}

TEST(State, IsAValueThatBeginsAtZero) {
    BatchState<Net, B> state{3};
    EXPECT_EQ(state.batch(), 3);
    EXPECT_EQ(state.size(), 3u * 10);
    EXPECT_EQ(state.values(), std::vector<double>(30));
    Data data{4, 3};
    const Model<Net, B> model{Seed{1}};
    Workspace<Net, B> work;
    work.forward(model, state, data.input());
    const auto kept = state;
    EXPECT_NE(kept, (BatchState<Net, B>{3}));
    work.forward(model, state, data.input());
    EXPECT_NE(kept, state);
    BatchState<Net, B> other{3};
    other.assign(kept.values());
    EXPECT_EQ(kept, other);
    state.reset();
    EXPECT_EQ(state, (BatchState<Net, B>{3}));
}

} // namespace workspace_test
