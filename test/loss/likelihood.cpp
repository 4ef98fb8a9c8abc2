// SPDX-License-Identifier: MIT
// Negative log-likelihoods, of which the network gives the parameters.
#include <rondo/loss/gaussian_nll.hpp>
#include <rondo/loss/log_gamma.hpp>
#include <rondo/loss/poisson_nll.hpp>
#include <rondo/loss/student_t_nll.hpp>

#include <support/failure.hpp>
#include <support/loss.hpp>

#include <numbers>

namespace likelihood_test {

using namespace rondo;

template <class S> class LikelihoodOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LikelihoodOf, Scalars);

TYPED_TEST(LikelihoodOf, golden) {
    using S = TypeParam;
    expect_golden<S, 10, S, 2>(GaussianNLL{}, "gaussian");
    expect_golden<S, 15, S, 3>(StudentTNLL{}, "student");
    expect_golden<S, 15, S, 3>(StudentTNLL{}, "student_many");
    expect_golden<S, 5, S>(PoissonNLL{}, "poisson");
}

TYPED_TEST(LikelihoodOf, padding) { expect_no_padding<TypeParam, 15, TypeParam, 3>(StudentTNLL{}, "student"); }

TEST(Likelihood, gradients_are_central_differences) {
    expect_differences<15, double, 3>(StudentTNLL{}, "student");
    expect_differences<5, double>(PoissonNLL{}, "poisson");
}

TEST(GaussianNLL, density_of_a_normal_distribution) {
    LossRun<double, 2, double, 2> run{{1, std::log(4.0)}, {4}, {1, 1}};
    EXPECT_NEAR(run(GaussianNLL{}), std::log(2 * std::sqrt(2 * std::numbers::pi)) + 9 / 8.0, 1e-15);
    EXPECT_NEAR(run.gradient[0], -3 / 4.0, 1e-15);
    EXPECT_NEAR(run.gradient[1], 0.5 - 9 / 8.0, 1e-15);
}

TEST(StudentTNLL, a_scale_below_the_least_has_its_likelihood) {
    LossRun<double, 3, double, 3> least{{1, std::log(0.5), 0}, {3}, {1, 1}}, below = least;
    below.y[1] = -40;
    EXPECT_NEAR(below(StudentTNLL{0.5}), least(StudentTNLL{0.5}), 1e-15);
    EXPECT_NEAR(below.gradient[0], least.gradient[0], 1e-15);
    EXPECT_NEAR(below.gradient[1], 0, 1e-15);
}

TEST(StudentTNLL, with_many_degrees_of_freedom_it_is_normal) {
    LossRun<double, 3, double, 3> student{{1, 0.5, 1e6}, {2}, {1, 1}};
    LossRun<double, 2, double, 2> normal{{1, 1}, {2}, {1, 1}};
    EXPECT_NEAR(student(StudentTNLL{}), normal(GaussianNLL{}), 1e-6);
    EXPECT_EQ(StudentTNLL::degrees(1e6), 1e6 + 2);
    EXPECT_DOUBLE_EQ(StudentTNLL::degrees(0.0), 2 + std::numbers::ln2);
}

TEST(LogGamma, as_the_standard_library) {
    for (double x = 0.01; x < 1e4; x *= 1.3) {
        EXPECT_NEAR(detail::log_gamma(x), std::lgamma(x), 1e-13 * std::max(1.0, std::abs(std::lgamma(x)))) << x;
        EXPECT_NEAR(detail::log_gamma(float(x)), std::lgamma(x), 4e-6 * std::max(1.0, std::abs(std::lgamma(x)))) << x;
        if (x < 1 || x > 100) continue;
        EXPECT_NEAR(detail::log_gamma_step(x), std::lgamma(x + 0.5) - std::lgamma(x), 1e-13) << x;
        const double d = 1e-4,
                     difference = (detail::log_gamma_step(x + d) - detail::log_gamma_step(x - d < 1 ? 1 : x - d)) /
                                  (x - d < 1 ? x + d - 1 : 2 * d);
        EXPECT_NEAR(detail::digamma_step(x), difference, 1e-4) << x;
    }
}

TEST(Likelihood, names_what_is_out_of_range) {
    const double targets[]{0, 2.5, -1};
    EXPECT_EQ((PoissonNLL{}.check(SequenceView<const double, 1>{targets, nullptr, {3, 1}}, 1).message),
              "rondo::PoissonNLL: target -1 of sequence 0, step 2 is not a count of 0 or more");
    EXPECT_EQ(failure_of([] { GaussianNLL{0}; }).message,
              "rondo::GaussianNLL: epsilon: expected a finite number above 0, got 0");
    EXPECT_EQ(failure_of([] { StudentTNLL{-1}; }).message,
              "rondo::StudentTNLL: epsilon: expected a finite number above 0, got -1");
}

} // namespace likelihood_test
