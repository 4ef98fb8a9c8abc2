// SPDX-License-Identifier: MIT
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/train/gradient_check.hpp>

#include <support/gradients.hpp>

#include <cmath>
#include <limits>

namespace gradient_check_test {

using rondo::Linear, rondo::Named, rondo::SequenceView, rondo::Sequential;

/// Mistakes in the backward of a custom layer.
enum class Fault {
    none,
    slightly_off,
    forgotten_bias,
    one_number,
    not_a_number,
    wrong_input_gradient,
    no_input_gradient
};

struct Scale {
    double* p;
    double by;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        p[k] *= by;
    }
};

template <Fault fault>
struct FaultyAffine {
    rondo::Affine<double> right;

    template <class Run>
    void forward(Run& run) const {
        right.forward(run);
    }
    template <class Run>
    void backward(Run& run) const {
        right.backward(run);
        auto& backend = run.backend();
        double *dW = run.gradient(right.weight), *db = run.gradient(right.bias);
        if (fault == Fault::slightly_off) backend.columns(Scale{dW, 1 + 1e-5}, 6);
        if (fault == Fault::forgotten_bias) backend.fill(db, 2, 0);
        if (fault == Fault::one_number) backend.columns(Scale{dW + 4, -1}, 1);
        if (fault == Fault::not_a_number) backend.fill(dW + 1, 1, std::numeric_limits<double>::quiet_NaN());
        if (fault == Fault::wrong_input_gradient) backend.columns(Scale{right.x.gradient, 1.001}, right.x.size());
        if (fault == Fault::no_input_gradient) backend.fill(right.x.gradient, right.x.size(), 0);
    }
};

template <Fault fault>
struct Faulty : Linear<3, 2> {
    static auto forward(auto& run, const SequenceView<double, 3>& x) {
        const auto y = run.template make<2>(x.extent);
        run.execute(FaultyAffine<fault>{{x, y, run.parameter(0), run.parameter(1)}});
        return y;
    }
};

template <Fault fault>
rondo::GradientCheck check() {
    using Net = Sequential<Named<"first", Linear<1, 3>>, Named<"second", Faulty<fault>>, Named<"third", Linear<2, 2>>>;
    const rondo::Model<Net, rondo::EigenBackend<double>> model{rondo::Seed{1}};
    const auto x = normal_numbers(5);
    const Targets<rondo::EigenBackend<double>> targets{10, 2};
    return rondo::gradient_check(model, [&](auto& run) {
        return targets.squared(run, Net::forward(run, SequenceView<const double, 1>{x.data(), nullptr, {5, 1}}));
    });
}

TEST(GradientCheck, passes_what_is_right) {
    const auto right = check<Fault::none>();
    EXPECT_LE(right.error, 1e-9);
    EXPECT_LE(std::abs(right.analytic - right.numeric), 1e-9);
}

TEST(GradientCheck, finds_what_is_slightly_wrong) {
    const auto wrong = check<Fault::slightly_off>();
    EXPECT_GT(wrong.error, 10 * gradient_tolerance);
    EXPECT_LT(wrong.error, 1e-4);
    EXPECT_EQ(wrong.tensor, "second.weight");
}

TEST(GradientCheck, finds_what_is_forgotten) {
    const auto wrong = check<Fault::forgotten_bias>();
    EXPECT_GT(wrong.error, 1e-3);
    EXPECT_EQ(wrong.tensor, "second.bias");
    EXPECT_EQ(wrong.analytic, 0);
}

TEST(GradientCheck, names_the_one_number_that_is_wrong) {
    const auto wrong = check<Fault::one_number>();
    EXPECT_GT(wrong.error, 1e-3);
    EXPECT_EQ(wrong.tensor, "second.weight");
    EXPECT_EQ(wrong.index, 4u);
    EXPECT_NEAR(wrong.analytic, -wrong.numeric, 1e-9);
}

TEST(GradientCheck, finds_what_is_no_number) {
    const auto wrong = check<Fault::not_a_number>();
    EXPECT_FALSE(wrong.error <= gradient_tolerance);
    EXPECT_EQ(wrong.tensor, "second.weight");
    EXPECT_EQ(wrong.index, 1u);
    EXPECT_TRUE(std::isnan(wrong.analytic));
    EXPECT_TRUE(std::isfinite(wrong.numeric));
}

TEST(GradientCheck, finds_wrong_gradients_of_inputs_in_the_layer_before) {
    const auto wrong = check<Fault::wrong_input_gradient>(), missing = check<Fault::no_input_gradient>();
    EXPECT_GT(wrong.error, 10 * gradient_tolerance);
    EXPECT_TRUE(wrong.tensor.starts_with("first.")) << wrong.tensor;
    EXPECT_GT(missing.error, 1e-3);
    EXPECT_TRUE(missing.tensor.starts_with("first.")) << missing.tensor;
    EXPECT_EQ(missing.analytic, 0);
}

} // namespace gradient_check_test
