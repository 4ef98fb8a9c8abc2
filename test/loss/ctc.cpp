// SPDX-License-Identifier: MIT
#include <rondo/loss/ctc.hpp>

#include <rondo/layer/activation.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/loss/concept.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/train/gradient_check.hpp>

#include <support/backend.hpp>
#include <support/ctc.hpp>
#include <support/device.hpp>
#include <support/failure.hpp>
#include <support/golden.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace ctc_test {

using namespace rondo;

static_assert(Loss<CTC, EigenBackend<float>, SequenceView<float, 5>, Tokens>);
static_assert(Loss<CTC, EigenBackend<float>, SequenceView<float, 5>, WeightedTarget<Tokens, float>>);
static_assert(!Loss<CTC, EigenBackend<float>, SequenceView<float, 5>, SequenceView<const float, 1>>);

/// Logits and labels of a batch, with the lengths of both.
template <class S, int classes>
struct Case {
    using B = TestBackend<S>;
    int steps, batch, most, blank = 0;
    std::vector<S> x;
    std::vector<int> lengths, counts, target;
    std::vector<S> weight{}, gradient{};

    Extent extent() const { return {steps, batch, lengths.data()}; }
    Extent of_labels() const { return {most, batch, counts.data()}; }
    /// f(labels) in host memory, with weights if there are any.
    template <class F>
    auto with_target(const int* labels, const S* weights, const F& f) const {
        const Tokens plain{labels, nullptr, of_labels()};
        return weight.empty() ? f(plain)
                              : f(WeightedTarget{plain, SequenceView<const S, 1>{weights, nullptr, of_labels()}});
    }
    double terms(const CTC& loss) const {
        return with_target(target.data(), weight.data(), [&](const auto& labels) { return loss.terms(labels); });
    }
    /// The loss; adds the gradient to `gradient`, from zero.
    double run(const CTC& loss, bool taped = true) {
        DeviceSequence<B, S, classes> result{x, extent()};
        const auto labels = on_device<B>(target);
        const auto weights = on_device<B>(weight);
        const double n = terms(loss);
        const auto body = [&](auto& run) {
            return with_target(B::data(labels), B::data(weights),
                               [&](const auto& on_device) { return loss(run, result.view(), on_device, n); });
        };
        Workspace<ReLU<classes>, B> work;
        const Model<ReLU<classes>, B> model;
        HostCopy host;
        if constexpr (!OnHost<B>)
            host = {reinterpret_cast<const std::byte*>(B::data(labels)),
                    reinterpret_cast<const std::byte*>(target.data()), target.size() * sizeof(int)};
        const double value =
            taped ? work.record(model, nullptr, {}, body, host) : work.evaluate(model, nullptr, body, host);
        gradient = result.gradients();
        return value;
    }
    /// Sequence b alone.
    Case only(int b) const {
        Case one{lengths[std::size_t(b)],  1, counts[std::size_t(b)], blank, {}, {lengths[std::size_t(b)]},
                 {counts[std::size_t(b)]}, {}};
        for (int t = 0; t < one.steps; ++t) {
            const auto from = x.begin() + std::ptrdiff_t(t * batch + b) * classes;
            one.x.insert(one.x.end(), from, from + classes);
        }
        for (int u = 0; u < one.most; ++u) one.target.push_back(target[std::size_t(u * batch + b)]);
        return one;
    }
};

template <class S> class CTCOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(CTCOf, Scalars);

/// Calls f<classes>(shape, position of each tensor) for each of the golden's cases.
template <int... sizes, class F>
void each_case(const Golden& golden, const F& f) {
    const auto shapes = golden.get<int>("shape");
    std::size_t columns = 0, numbers = 0, labels = 0;
    for (std::size_t k = 0; k < shapes.size(); k += 5) {
        const int T = shapes[k], B = shapes[k + 1], C = shapes[k + 2], U = shapes[k + 3], blank = shapes[k + 4];
        ASSERT_TRUE(((C == sizes) || ...)) << C;
        const auto visit = [&]<int classes>() {
            if (C == classes)
                f.template operator()<classes>(k / 5, std::array{T, B, U, blank}, columns, numbers, labels);
        };
        (visit.template operator()<sizes>(), ...);
        columns += std::size_t(B), numbers += std::size_t(T * B * C), labels += std::size_t(U * B);
    }
}

TYPED_TEST(CTCOf, golden) {
    using S = TypeParam;
    const Golden golden{"ctc", "random"};
    const auto x = golden.get<S>("x"), dx = golden.get<S>("dx"), each = golden.get<S>("each");
    const auto loss = golden.get<double>("loss"), loss_zero = golden.get<double>("loss_zero");
    const auto steps = golden.get<int>("steps"), counts = golden.get<int>("labels"), target = golden.get<int>("target");
    const auto part = [](const auto& all, std::size_t at, std::size_t count) {
        return std::vector(all.begin() + std::ptrdiff_t(at), all.begin() + std::ptrdiff_t(at + count));
    };
    const auto expect = [](double got, double expected, const std::string& what) {
        if (std::isinf(expected)) EXPECT_EQ(got, expected) << what;
        else EXPECT_LE(std::abs(got - expected), tolerance<S> * std::max(1.0, std::abs(expected))) << what;
    };
    std::size_t cases = 0, infinite = 0;
    each_case<2, 3, 4, 5, 6, 33>(golden, [&]<int classes>(std::size_t k, std::array<int, 4> shape, std::size_t column,
                                                          std::size_t number, std::size_t label) {
        const int T = shape[0], B = shape[1], U = shape[2], blank = shape[3];
        const std::size_t batch = std::size_t(B), size = std::size_t(T * B * classes);
        Case<S, classes> run{T,
                             B,
                             U,
                             blank,
                             part(x, number, size),
                             part(steps, column, batch),
                             part(counts, column, batch),
                             part(target, label, std::size_t(U * B))};
        const std::string what = "case " + std::to_string(k);
        expect(run.run({.blank = blank}, false), loss[k], what);
        expect(run.run({.blank = blank, .zero_infinity = true}, false), loss_zero[k], what);
        expect(run.run({.blank = blank, .zero_infinity = true}), loss_zero[k], what);
        for (std::size_t n = 0; n < size; ++n) expect(run.gradient[n], dx[number + n], what);
        for (int b = 0; b < B; ++b) {
            auto one = run.only(b);
            const double labels = std::max(1, one.most);
            expect(labels * one.run({.blank = blank}, false), each[column + std::size_t(b)], what);
            infinite += std::isinf(each[column + std::size_t(b)]);
        }
        ++cases;
    });
    EXPECT_EQ(cases, 200u);
    EXPECT_GT(infinite, 50u) << "labels that do not fit";
}

/// A batch with repeated labels, without labels, of different lengths.
template <class S>
Case<S, 5> mixed(int padded_steps = 9, int padded_labels = 4, S padding = 0) {
    Case<S, 5> all{padded_steps, 5, padded_labels, 2, {}, {9, 7, 3, 1, 5}, {4, 3, 0, 1, 2}, {}};
    const std::vector<std::vector<int>> labels{{0, 1, 1, 4}, {3, 3, 3}, {}, {4}, {1, 0}};
    for (int t = 0; t < padded_steps; ++t)
        for (int b = 0; b < 5; ++b)
            for (int k = 0; k < 5; ++k)
                all.x.push_back(t < all.lengths[std::size_t(b)] ? S(3 * std::sin(1 + t * 31 + b * 7 + k * k))
                                                                : padding);
    for (int u = 0; u < padded_labels; ++u)
        for (const auto& of : labels) all.target.push_back(u < int(of.size()) ? of[std::size_t(u)] : 1 << 30);
    return all;
}

TYPED_TEST(CTCOf, IsTheSumOverAllAlignments) {
    auto all = mixed<TypeParam>();
    for (int b = 1; b < 5; ++b) { // of up to 7 steps
        auto one = all.only(b);
        const std::vector<double> logits(one.x.begin(), one.x.end());
        const auto likely = ctc_brute_force(logits, 5, 2);
        const double p = likely.at(one.target);
        EXPECT_NEAR(std::max(1, one.most) * one.run({.blank = 2}), -std::log(p), 20 * tolerance<TypeParam>) << b;
    }
}

TYPED_TEST(CTCOf, ABatchIsItsSequences) {
    using S = TypeParam;
    auto all = mixed<S>();
    const double loss = all.run({.blank = 2});
    double sum = 0;
    for (int b = 0; b < 5; ++b) {
        auto one = all.only(b);
        sum += one.run({.blank = 2});
        for (int t = 0; t < one.steps; ++t)
            for (int k = 0; k < 5; ++k)
                EXPECT_NEAR(5 * all.gradient[std::size_t((t * 5 + b) * 5 + k)], one.gradient[std::size_t(t * 5 + k)],
                            10 * std::numeric_limits<S>::epsilon());
    }
    EXPECT_NEAR(loss, sum / 5, 10 * std::numeric_limits<S>::epsilon() * sum);
}

TYPED_TEST(CTCOf, PaddingChangesNothing) {
    using S = TypeParam;
    auto plain = mixed<S>(), padded = mixed<S>(12, 7, std::numeric_limits<S>::quiet_NaN());
    EXPECT_EQ(plain.run({.blank = 2}), padded.run({.blank = 2}));
    plain.gradient.resize(padded.gradient.size());
    EXPECT_EQ(plain.gradient, padded.gradient);
}

TYPED_TEST(CTCOf, WeightsAreThoseOfSequences) {
    using S = TypeParam;
    auto plain = mixed<S>(), weighted = mixed<S>();
    for (int u = 0; u < 4; ++u)
        for (const int w : {2, 0, 1, 1, 3}) weighted.weight.push_back(S(w));
    weighted.target[1] = 17; // of weight 0
    const CTC loss{.blank = 2};
    EXPECT_EQ(weighted.terms(loss), 7);
    double sum = 0;
    const int weights[]{2, 0, 1, 1, 3};
    for (int b = 0; b < 5; ++b) sum += weights[b] * (weights[b] > 0 ? plain.only(b).run(loss) : 0);
    EXPECT_NEAR(weighted.run(loss), sum / 7, 10 * std::numeric_limits<S>::epsilon() * sum);
    plain.run(loss);
    for (std::size_t k = 0; k < plain.gradient.size(); ++k)
        EXPECT_NEAR(weighted.gradient[k], plain.gradient[k] * S(5) * S(weights[k / 5 % 5]) / S(7),
                    10 * std::numeric_limits<S>::epsilon());
}

// In float, too: the largest alpha and beta of each step are subtracted.
TYPED_TEST(CTCOf, LongSequencesKeepTheirPrecision) {
    using S = TypeParam;
    const int steps = 1000;
    Case<float, 5> as_float{steps, 1, 100, 0, {}, {steps}, {100}, {}};
    for (int k = 0; k < 5 * steps; ++k) as_float.x.push_back(float(std::sin(k * k % 1009)));
    for (int u = 0; u < 100; ++u) as_float.target.push_back(1 + u % 4);
    Case<S, 5> run{steps, 1, 100, 0, {as_float.x.begin(), as_float.x.end()}, {steps}, {100}, as_float.target};
    Case<double, 5> exact{steps, 1, 100, 0, {as_float.x.begin(), as_float.x.end()}, {steps}, {100}, as_float.target};
    const double loss = exact.run({});
    EXPECT_NEAR(run.run({}), loss, tolerance<S> * loss);
    for (std::size_t k = 0; k < run.gradient.size(); ++k)
        EXPECT_NEAR(100 * run.gradient[k], 100 * exact.gradient[k], 2 * tolerance<S>);
}

TEST(CTC, GradientIsThatOfDifferences) {
    using Net = Linear<3, 5>;
    using B = TestBackend<double>;
    auto all = mixed<double>();
    std::vector<double> numbers(std::size_t(3 * 9 * 5));
    for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k] = std::sin(double(k * k));
    const DeviceSequence<B, double, 3> x{numbers, all.extent()};
    const auto target = on_device<B>(all.target);
    const GradientCheck checked = gradient_check(Model<Net, B>{Seed{1}}, [&](auto& run) {
        const auto y = Net::forward(run, x.input());
        return CTC{.blank = 2}(run, y, Tokens{B::data(target), nullptr, all.of_labels()}, 5);
    });
    EXPECT_LE(checked.error, 1e-9) << checked.tensor << ' ' << checked.index;

    all.run({.blank = 2});
    const auto gradient = all.gradient;
    for (std::size_t k = 0; k < all.x.size(); ++k) {
        const double y = all.x[k], d = 1e-5;
        all.x[k] = y + d;
        const double above = all.run({.blank = 2});
        all.x[k] = y - d;
        EXPECT_NEAR(gradient[k], (above - all.run({.blank = 2})) / (2 * d), 1e-9) << k;
        all.x[k] = y;
    }
}

TEST(CTC, ForbiddenClassesAndNumbersThatAreNone) {
    Case<double, 3> run{2, 1, 1, 0, {0, 0, 0, 0, 0, 0}, {2}, {1}, {2}};
    run.x[2] = run.x[5] = -std::numeric_limits<double>::infinity(); // the label has no probability
    EXPECT_EQ(run.run({}), std::numeric_limits<double>::infinity());
    EXPECT_EQ(run.run({.zero_infinity = true}), 0);
    EXPECT_EQ(run.gradient, std::vector<double>(6));
    run.x[2] = 0;
    EXPECT_NEAR(run.run({}), -std::log(1 / 3.0 * 1 / 2.0), 1e-15); // the label, then the blank
    run.x[0] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(run.run({.zero_infinity = true})));
}

TEST(CTC, ASequenceMayHaveNoSteps) {
    Case<double, 3> run{2, 2, 1, 0, {0, 1, 2, 0, 0, 0, 2, 1, 0, 0, 0, 0}, {2, 0}, {1, 0}, {2, 0}};
    const double alone = run.only(0).run({});
    EXPECT_EQ(run.run({}), alone / 2);
    run.counts[1] = 1;
    run.target[1] = 1;
    EXPECT_EQ(run.run({}, false), std::numeric_limits<double>::infinity());
    EXPECT_EQ(run.run({.zero_infinity = true}), alone / 2);
    Case<double, 3> none{2, 1, 0, 0, {0, 0, 0, 0, 0, 0}, {2}, {0}, {}}; // no sequence has labels
    EXPECT_NEAR(none.run({}), 2 * std::log(3.0), 1e-15);
    none.weight = {0}; // not read: weights of labels, of which there are none
    EXPECT_NEAR(none.run({}), 2 * std::log(3.0), 1e-15);
}

TEST(CTC, NamesALabelThatIsNone) {
    const int counts[]{2, 1};
    const auto problem = [&](std::vector<int> labels, CTC loss) {
        return loss.check(Tokens{labels.data(), nullptr, {2, 2, counts}}, 5).message;
    };
    EXPECT_EQ(problem({1, 2, 3, 0}, {}), ""); // padding is not read
    EXPECT_EQ(problem({1, 2, 0, 0}, {}),
              "rondo::CTC: label 0 of sequence 0, position 1 is the blank; labels are the other classes from 0 to 4");
    EXPECT_EQ(problem({1, 5, 0, 0}, {.blank = 4}),
              "rondo::CTC: label 5 of sequence 1, position 0 is not a class from 0 to 4");
    EXPECT_EQ(problem({1, -1, 0, 0}, {.blank = 4}),
              "rondo::CTC: label -1 of sequence 1, position 0 is not a class from 0 to 4");
    EXPECT_EQ(problem({1, 1, 1, 1}, {.blank = 5}), "rondo::CTC: blank: expected a class from 0 to 4, got 5");
    EXPECT_EQ(problem({1, 1, 1, 1}, {.blank = -1}), "rondo::CTC: blank: expected a class from 0 to 4, got -1");
}

TEST(CTC, NamesWeightsThatDifferWithinASequence) {
    const int labels[]{1, 2, 3, 4}, counts[]{2, 1};
    const auto problem = [&](std::vector<float> weights) {
        const Extent e{2, 2, counts};
        return CTC{}
            .check(WeightedTarget{Tokens{labels, nullptr, e}, SequenceView<const float, 1>{weights.data(), nullptr, e}},
                   5)
            .message;
    };
    EXPECT_EQ(problem({1, 0.5, 1, 0}), "");
    EXPECT_EQ(problem({1, 0.5, 0.25, 0}),
              "rondo::CTC: the weights of sequence 0: expected one for all of its labels, got 1 and 0.25");
    EXPECT_EQ(problem({1, -1, 1, 0}),
              "rondo::CTC: the weights of sequence 1: expected finite numbers of 0 or more, got -1");
}

TEST(CTC, RefusesLabelsThatDoNotFitInTraining) {
    Case<double, 5> run{6, 2, 5, 0, std::vector<double>(60), {6, 6}, {5, 5}, {1, 1, 2, 1, 3, 2, 4, 2, 3, 3}};
    expect_argument([&] { run.run({}); },
                    "rondo::CTC: sequence 1: expected 7 steps or more for its 5 labels, 2 of them repeated, got 6; "
                    "zero_infinity leaves such sequences out");
    run.lengths[0] = 4;
    expect_argument([&] { run.run({}); }, "rondo::CTC: sequence 0: expected 5 steps or more for its 5 labels, got 4; "
                                          "zero_infinity leaves such sequences out");
    EXPECT_EQ(run.run({.zero_infinity = true}), 0);
    EXPECT_EQ(run.run({}, false), std::numeric_limits<double>::infinity())
        << "as PyTorch's, where no gradient is needed";
    run.batch = 1;
    Workspace<ReLU<5>, TestBackend<double>> work;
    expect_argument(
        [&] {
            work.evaluate(Model<ReLU<5>, TestBackend<double>>{}, nullptr, [&](auto& r) {
                const DeviceSequence<TestBackend<double>, double, 5> x{run.x, {6, 2}};
                return CTC{}(r, SequenceView<double, 5>{nullptr, nullptr, {6, 2}}, Tokens{nullptr, nullptr, {5, 3}}, 1);
            });
        },
        "rondo::CTC: the network gave 2 sequences, the targets are 3");
}

} // namespace ctc_test
