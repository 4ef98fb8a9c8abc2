// SPDX-License-Identifier: MIT
// What satisfies each concept of the library, and what does not: passes by being compiled.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/backend/recurrent_steps.hpp>
#include <rondo/backend/thrust/plan.hpp>
#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/rnn.hpp>
#include <rondo/data/batch.hpp>
#include <rondo/data/samples.hpp>
#include <rondo/data/scaler.hpp>
#include <rondo/data/series_windows.hpp>
#include <rondo/data/token_pairs.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/generate/beam_search.hpp>
#include <rondo/generate/candidates.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/concept.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/ctc.hpp>
#include <rondo/loss/focal.hpp>
#include <rondo/loss/gaussian_nll.hpp>
#include <rondo/loss/huber.hpp>
#include <rondo/loss/ignore_targets.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/loss/multi_margin.hpp>
#include <rondo/loss/quantile.hpp>
#include <rondo/model/layer_facts.hpp>
#include <rondo/optimizer/adagrad.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/lion.hpp>
#include <rondo/optimizer/nadam.hpp>
#include <rondo/optimizer/one_cycle.hpp>
#include <rondo/optimizer/polynomial_decay.hpp>
#include <rondo/optimizer/radam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/schedule.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/optimizer/warm_restarts.hpp>
#include <rondo/simd/pack.hpp>

#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace rondo;
using Float = EigenBackend<float>;
using Double = EigenBackend<double>;

// Backend: each of these lacks one thing that EigenBackend has.
static_assert(Backend<Float> && Backend<Double> && Backend<EigenBackend<float, simd::Exact<>>>);
struct Nameless : Float {
private:
    using Float::name;
};
struct OfIntegers : Float {
    using scalar = int;
};
struct WithoutProducts : Float {
    void multiply_add() = delete;
};
struct WithSumsInFloat : Float {
    float sum(const float*, std::size_t) { return 0; }
};
struct OfOneSize : Float {
    explicit OfOneSize(int) {}
};
static_assert(!Backend<float> && !Backend<Nameless> && !Backend<OfIntegers> && !Backend<WithoutProducts>);
static_assert(!Backend<WithSumsInFloat> && !Backend<OfOneSize>);

// OnHost, Asynchronous: Eigen computes on the host, and at once.
struct Elsewhere : Float {
    template <int Rows, int Columns>
    static void map(float*) = delete;
};
struct Later : Float {
    struct Graph {};
    void repeat(Graph&, const auto&) {}
    void wait() {}
    void enter() {}
};
struct LaterForGood : Later {
    void wait() = delete;
};
static_assert(OnHost<Float> && OnHost<Double> && !OnHost<Elsewhere>);
static_assert(Asynchronous<Later> && !Asynchronous<Float> && !Asynchronous<LaterForGood>);

// RunsSteps, HasKernel, TakesAllTokens: what a backend may have besides.
struct OfSmallSteps : Float {
    template <class C, int H>
    static constexpr bool runs_steps = H <= 64;
};
static_assert(RunsSteps<OfSmallSteps, cell::LSTM, 64> && !RunsSteps<OfSmallSteps, cell::LSTM, 65>);
static_assert(!RunsSteps<Float, cell::LSTM, 64>);
static_assert(detail::HasKernel<LSTM<1, 8>, Float::kernels<float>> &&
              detail::HasKernel<Linear<8, 1>, Float::kernels<float>>);
static_assert(!detail::HasKernel<Embedding<8, 8>, Float::kernels<float>> && !detail::HasKernel<LSTM<1, 8>, void>);
struct OfAllTokens : Float {
    void active_tokens(int*, const int*, std::size_t, const int*, int) {}
    void scatter_add(float*, ColumnMajorView<const float>, const int*, int, int = 0) {}
};
static_assert(TakesAllTokens<OfAllTokens> && !TakesAllTokens<Float>);

// Device.
struct Unspecified {};
struct Changing {
    gpu::Target target;
};
static_assert(gpu::Device<gpu::Ampere> && gpu::Device<gpu::Hopper> && gpu::Device<gpu::Blackwell>);
static_assert(!gpu::Device<Unspecified> && !gpu::Device<Changing> && !gpu::Device<int>);

// Cell: for a number and for a pack of them.
template <class C> constexpr bool is_cell = Cell<C, float> && Cell<C, double> && Cell<C, Pack<float>>;
static_assert(is_cell<cell::RNN> && is_cell<cell::ReluRNN> && is_cell<cell::LSTM> && is_cell<cell::GRU> &&
              is_cell<cell::GRUResetBefore>);
struct Unit { // a cell, of which those below lack or spoil one thing
    static constexpr cell::Shape shape{.gates = 1, .saved = 1};
    template <class S>
    static cell::Step<Unit, S> forward(const Values<S, 1>&, const Values<S, 1>&, const Values<S, 0>&);
    template <class S>
    static cell::Gradient<Unit, S> backward(const Values<S, 1>&, const Values<S, 1>&, const Values<S, 1>&,
                                            const Values<S, 0>&, const Values<S, 1>&);
};
struct Shapeless {};
struct WithoutBackward : Unit {
    static void backward() = delete;
};
struct OfTwoStates : Unit { // Unit's functions are for one
    static constexpr cell::Shape shape{.gates = 1, .states = 2, .saved = 1};
};
struct WithoutGates : Unit {
    static constexpr cell::Shape shape{.gates = 0, .saved = 1};
};
struct WithoutReset : Unit { // reads a second product, and does not say of what
    static constexpr cell::Shape shape{.gates = 1, .after_reset = 1, .saved = 1};
};
struct OfFloats { // not of packs
    static constexpr cell::Shape shape{.gates = 1, .saved = 1};
    static cell::Step<OfFloats, float> forward(const Values<float, 1>&, const Values<float, 1>&,
                                               const Values<float, 0>&);
    static cell::Gradient<OfFloats, float> backward(const Values<float, 1>&, const Values<float, 1>&,
                                                    const Values<float, 1>&, const Values<float, 0>&,
                                                    const Values<float, 1>&);
};
template <class Members>
struct With : Members { // a cell with members of its own, whose names are those of Rondo's cells
    static constexpr cell::Shape shape{.gates = 1, .saved = 1};
    template <class S>
    static cell::Step<With, S> forward(const Values<S, 1>&, const Values<S, 1>&, const Values<S, 0>&);
    template <class S>
    static cell::Gradient<With, S> backward(const Values<S, 1>&, const Values<S, 1>&, const Values<S, 1>&,
                                            const Values<S, 0>&, const Values<S, 1>&);
};
struct Options {
    [[maybe_unused]] static constexpr int options = 3;
};
struct OptionsAndName {
    [[maybe_unused]] static constexpr int options = 3;
    static constexpr std::string_view kind = "mine";
};
struct OptionsAndKind {
    [[maybe_unused]] static constexpr int options = 3;
    static constexpr LayerKind kind = LayerKind::RNN;
};
static_assert(HasKind<cell::LSTM> && HasKind<OptionsAndKind> && !HasKind<OptionsAndName> && !HasKind<Options>);
template <class Members>
constexpr bool has_usual_variant = [] {
    using Layer = Recurrent<With<Members>, 2, 3>;
    return network_layers<Layer>[0].facts.variant == cell::Variant{} && Layer::tensors[1].variant.empty();
}();
static_assert(has_usual_variant<Options> && has_usual_variant<OptionsAndName> && has_usual_variant<OptionsAndKind>);
struct OwnFunction { // of an activation
    [[maybe_unused]] static constexpr int options = 3;
    static constexpr std::string_view kind = "mine";
    static constexpr Label describe() { return "Own"; }
};
static_assert(network_layers<Activation<OwnFunction, 3>>[0].facts.kind == LayerKind::other);
static_assert(is_cell<Unit>);
static_assert(!Cell<int> && !Cell<Shapeless> && !Cell<WithoutBackward> && !Cell<OfTwoStates> && !Cell<WithoutGates> &&
              !Cell<WithoutReset>);
static_assert(Cell<OfFloats, float> && !Cell<OfFloats, Pack<float>>);

// Optimizer, Schedule.
static_assert(Optimizer<Adagrad, Float> && Optimizer<NAdam, Float> && Optimizer<RAdam, Double> &&
              Optimizer<Lion, Double>);
static_assert(Optimizer<SGD, Float> && Optimizer<RMSprop, Double> && Optimizer<Adam, Float> &&
              Optimizer<AdamW, Double>);
struct Still { // an optimizer
    static constexpr int memories = 0;
    Error problem() const { return {}; }
    void step(auto&, const auto&) const {}
};
struct WithoutMemories : Still {
private:
    using Still::memories;
};
struct WithoutStep : Still {
    void step() = delete;
};
struct WithoutProblem : Still {
    void problem() const {}
};
static_assert(Optimizer<Still, Float>);
static_assert(!Optimizer<WithoutMemories, Float> && !Optimizer<WithoutStep, Float> &&
              !Optimizer<WithoutProblem, Float>);
static_assert(!Optimizer<Adam, int> && !Optimizer<ConstantRate, Float>);
constexpr auto falling = [](std::int64_t step) { return 1 / (1 + double(step)); };
constexpr auto of_text = [](const std::string&) { return 1.0; };
constexpr auto nothing = [](std::int64_t) {};
static_assert(Schedule<ConstantRate> && Schedule<StepDecay> && Schedule<CosineDecay> && Schedule<WarmUp<StepDecay>>);
static_assert(Schedule<OneCycle> && Schedule<PolynomialDecay> && Schedule<WarmUp<WarmRestarts>>);
static_assert(Schedule<decltype(falling)> && Schedule<RateSchedule>);
static_assert(!Schedule<double> && !Schedule<decltype(of_text)> && !Schedule<decltype(nothing)> &&
              !Schedule<ReduceOnPlateau>);

// Loss: of a result y and targets.
using Five = SequenceView<float, 5>;
using Numbers = SequenceView<const float, 5>;
static_assert(Loss<CrossEntropy, Float, Five, Tokens> && Loss<FocalLoss, Float, Five, Tokens> &&
              Loss<MultiMarginLoss, Float, Five, WeightedTarget<Tokens, float>> && Loss<CTC, Float, Five, Tokens> &&
              Loss<CTC, Float, Five, WeightedTarget<Tokens, float>>);
static_assert(Loss<MeanSquaredError, Float, Five, Numbers> && Loss<BinaryCrossEntropy, Float, Five, Numbers> &&
              Loss<IgnoreTargets<HuberLoss>, Float, Five, WeightedTarget<Numbers, float>>);
static_assert(Loss<GaussianNLL, Float, SequenceView<float, 10>, Numbers> &&
              Loss<QuantileLoss<5>, Float, Five, SequenceView<const float, 1>>);
static_assert(!Loss<CrossEntropy, Float, Five, Numbers> && !Loss<CTC, Float, Five, SequenceView<const float, 1>> &&
              !Loss<MeanSquaredError, Float, Five, Tokens> &&
              !Loss<MeanSquaredError, Float, Five, SequenceView<const float, 1>> &&
              !Loss<MeanSquaredError, Float, Five, SequenceView<const double, 5>> &&
              !Loss<CrossEntropy, Float, Five, WeightedTarget<Tokens, double>> &&
              !Loss<GaussianNLL, Float, Five, Numbers> && !Loss<QuantileLoss<3>, Float, Five, Numbers>);
struct OfColumns { // a loss, of which those below lack one thing
    template <class Target>
    double terms(const Target& target) const {
        return count_terms(target, [](const auto*) { return 1.0; });
    }
    Error(check)(const auto&, int) const { return {}; }
    template <class P>
    void add(const LossColumn<float, float>& c) const {
        *c.loss += c.scale;
    }
    auto operator()(auto& run, const auto& y, const auto& target, double terms) const {
        return sum_columns(run, y, target, terms, OfColumns{});
    }
};
struct WithoutTerms : OfColumns {
    void terms() = delete;
};
struct OfNumber : OfColumns {
    double operator()(auto&, const auto&, const auto&, double) const { return 0; }
};
static_assert(Loss<OfColumns, Float, Five, Numbers> && !Loss<WithoutTerms, Float, Five, Numbers> &&
              !Loss<OfNumber, Float, Five, Numbers> && !Loss<OfColumns, int, Five, Numbers>);

// Batches.
static_assert(Batches<TokenWindows> && Batches<TokenStreams> && Batches<TokenPairs>);
static_assert(Batches<SeriesWindows<float, 1>> && Batches<Samples<int, 1, float, 1>>);
struct OfNoEpochs {
    std::size_t count();
    int at(std::size_t);
};
static_assert(IndexedBatches<Samples<int, 1, float, 1>> && !IndexedBatches<TokenWindows>);
static_assert(!Batches<OfNoEpochs> && !Batches<std::vector<float>> && !Batches<const TokenWindows>);

// Reals, Logits: contiguous floating-point numbers.
static_assert(Reals<std::vector<float>> && Reals<std::array<double, 3>> && Reals<std::span<float>>);
static_assert(!Reals<std::vector<int>> && !Reals<std::list<float>> && !Reals<float>);
static_assert(Logits<std::vector<float>> && Logits<std::span<const double>>);
static_assert(!Logits<std::vector<int>> && !Logits<std::list<float>> && !Logits<std::string>);

// BeamStep.
constexpr auto scores = [](std::span<const int>, std::span<const int>) { return std::vector<float>{}; };
constexpr auto choices = [](std::span<const int>, std::span<const int>) { return std::vector<int>{}; };
constexpr auto of_tokens = [](std::span<const int>) { return std::vector<float>{}; };
static_assert(BeamStep<decltype(scores)> && !BeamStep<decltype(choices)> && !BeamStep<decltype(of_tokens)>);

} // namespace
